// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import dev.undump.cache.FileDigests;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Gathers what an image depends on. {@link #command}, {@link #environment}, {@link #ready}, {@link #inputs} and {@link #undump} have to be
 * called once each before {@link #build}; machine and process are those that it runs on and in.
 */
public final class KeyBuilder {

    private final FileDigests digests;
    private final MachineFacts machine;
    private final ProcessFacts process;
    private final Map<String, String> given = new TreeMap<>();
    private List<String> words = List.of();
    private Path executable;
    private Path directory;
    private boolean command;
    private Map<String, String> environment;
    private Set<String> chosen = Set.of();
    private Set<String> ignored = Set.of();

    /** Starts a key; digests of files come from {@code digests}, such as {@code LocalStore.fileDigests()}. */
    public KeyBuilder(FileDigests digests) {
        this(digests, Path.of("/proc"), Path.of("/sys/fs/cgroup"));
    }

    KeyBuilder(FileDigests digests, Path proc, Path cgroups) {
        this.digests = digests;
        this.machine = new MachineFacts(proc, cgroups);
        this.process = new ProcessFacts(proc);
    }

    /**
     * Sets what is run.
     *
     * @param argv the words that count, the program's name first; of a command image those that it does not take from each launch
     * @param file what execve(2) is given, as {@link ProgramFinder} found it; absolute, links not followed
     * @param workingDirectory absolute
     */
    public KeyBuilder command(List<String> argv, Path file, Path workingDirectory) {
        if (argv.isEmpty() || !file.isAbsolute() || !workingDirectory.isAbsolute()) {
            throw new IllegalArgumentException("a command has a word and absolute paths: " + argv + ", " + file + ", " + workingDirectory);
        }
        this.words = List.copyOf(argv);
        this.executable = file;
        this.directory = workingDirectory;
        return this;
    }

    /**
     * Says that the image becomes a command, which each launch gives arguments, environment, directory and umask: the working directory
     * and the umask do not count then, and of the environment only what programs read when they start. Without this, the image resumes.
     */
    public KeyBuilder commandImage() {
        this.command = true;
        return this;
    }

    /**
     * Sets the environment that the program would get, best as {@link ProcessText#environment} reads it.
     *
     * @param variables all of them
     * @param alsoChosen names that count though undump's list says otherwise; {@code PREFIX*} stands for all that begin so
     * @param neverCounting names that do not count, likewise; has the last word
     */
    public KeyBuilder environment(Map<String, String> variables, Set<String> alsoChosen, Set<String> neverCounting) {
        this.environment = Map.copyOf(variables);
        this.chosen = Set.copyOf(alsoChosen);
        this.ignored = Set.copyOf(neverCounting);
        return this;
    }

    /**
     * Adds the content of a file that the program reads.
     *
     * @throws KeyException if it cannot be read
     */
    public KeyBuilder file(Path file) throws KeyException {
        Path absolute = file.toAbsolutePath().normalize();
        try {
            String name = absolute.toString().replace("%", "%25").replace("=", "%3d");
            return part("file." + name, digests.of(absolute).hex());
        } catch (IOException e) {
            throw new KeyException("digesting the file " + absolute + " that the key shall depend on: it cannot be read: " + e.getMessage(), e);
        }
    }

    /** Sets the condition under which the program counts as warm, as the user wrote it. */
    public KeyBuilder ready(String condition) {
        return part("ready", condition);
    }

    /** Sets how inputs are found: none, mapped or traced. */
    public KeyBuilder inputs(String mode) {
        return part("inputs", mode);
    }

    /** Sets the version of undump that would make the image. */
    public KeyBuilder undump(String version) {
        return part("undump.version", version);
    }

    /** Adds the kinds of the standard files, for programs that have looked at them before they are warm. */
    public KeyBuilder standardFiles() {
        process.standardFiles().forEach(part -> part(part.name(), part.value()));
        return this;
    }

    /** Adds anything else that decides how the image is made, such as an option of ckpt or undump. */
    public KeyBuilder option(String name, String value) {
        return part("option." + name, value);
    }

    /**
     * Makes the key.
     *
     * @throws KeyException if the program, an interpreter or a fact of machine and process cannot be found out
     * @throws IllegalStateException if something that every key has was not set
     */
    public CacheKey build() throws IOException {
        if (environment == null || executable == null || !given.keySet().containsAll(Set.of("ready", "inputs", "undump.version"))) {
            throw new IllegalStateException("a key needs a command, an environment, a condition, a mode of inputs and undump's version");
        }
        List<KeyPart> parts = new ArrayList<>();
        given.forEach((name, value) -> parts.add(new KeyPart(name, value)));
        for (int i = 0; i < words.size(); i++) {
            parts.add(new KeyPart("argv." + i, words.get(i)));
        }
        parts.add(new KeyPart("start", command ? "command" : "resume"));
        if (!command) {
            parts.add(new KeyPart("directory", directory.toRealPath().toString()));
        }
        parts.addAll(ProgramIdentity.of(words, executable, Optional.ofNullable(environment.get("PATH")), directory, digests));
        addEnvironment(parts);
        parts.addAll(machine.parts());
        parts.addAll(process.parts(!command));
        parts.add(new KeyPart("undump.checkpoint", Integer.toString(CheckpointLayout.VERSION)));
        parts.add(new KeyPart("undump.image", Integer.toString(ImageLayout.VERSION)));
        return CacheKey.of(parts);
    }

    private void addEnvironment(List<KeyPart> parts) {
        EnvironmentChoice choice = new EnvironmentChoice(!command, chosen, ignored);
        environment.forEach((name, value) -> {
            if (choice.counts(name)) {
                boolean secret = EnvironmentChoice.isSecret(name);
                String shown = secret ? "sha256:" + KeyText.digest(value).hex() : value;
                parts.add(new KeyPart("environment." + name, shown));
            }
        });
    }

    private KeyBuilder part(String name, String value) {
        given.put(name, value);
        return this;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import dev.undump.cache.FileDigests;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.fornwall.jelf.ElfException;
import net.fornwall.jelf.ElfFile;

/**
 * Which program a command line runs, by content: the file behind links, the interpreters of scripts one after another, what env(1) among them
 * executes, and of the ELF file at the end the dynamic loader and the C library beside that.
 */
final class ProgramIdentity {

    /** More than the kernel follows, for env(1) counts here. */
    private static final int MOST_INTERPRETERS = 10;

    private static final String SHELL = "/bin/sh";
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};

    private final FileDigests digests;
    private final List<KeyPart> parts = new ArrayList<>();

    private ProgramIdentity(FileDigests digests) {
        this.digests = digests;
    }

    /**
     * Returns the parts that identify a program.
     *
     * @param words the command line
     * @param executable the file that is executed, absolute, as it was found
     * @param path PATH, empty when it is not set
     * @param directory working directory, absolute
     */
    static List<KeyPart> of(List<String> words, Path executable, Optional<String> path, Path directory, FileDigests digests)
            throws IOException {
        ProgramIdentity identity = new ProgramIdentity(digests);
        identity.parts.add(new KeyPart("executable.name", executable.toString()));
        identity.file("executable", executable);
        identity.follow(words, executable, path, directory);
        return identity.parts;
    }

    private void follow(List<String> words, Path executable, Optional<String> path, Path directory) throws IOException {
        Path file = executable;
        List<String> left = words.subList(1, words.size());
        Optional<String> searched = path;
        Path base = directory;
        for (int number = 1; ; number++) {
            byte[] head = head(file);
            Optional<ScriptLine> script = ScriptLine.of(head);
            Path next;
            if (script.isPresent()) {
                next = base.resolve(script.get().interpreter());
                List<String> arguments = new ArrayList<>();
                script.get().argument().ifPresent(arguments::add);
                arguments.add(file.toString());
                arguments.addAll(left);
                left = arguments;
                interpreter(number, next, script.get().argument());
            } else if (isEnv(file)) {
                EnvCommand command = EnvCommand.of(left, searched, base);
                if (command.words().isEmpty()) {
                    elf(file);
                    return;
                }
                next = program(command, file);
                left = command.words().subList(1, command.words().size());
                searched = command.path();
                base = command.directory();
                interpreter(number, next, Optional.empty());
            } else if (startsWith(head, ELF)) {
                elf(file);
                return;
            } else if (isText(head)) {
                // The kernel says ENOEXEC, and execvp(3) and shells take it for a script of sh.
                next = Path.of(SHELL);
                interpreter(number, next, Optional.empty());
            } else {
                return;
            }
            if (number == MOST_INTERPRETERS) {
                throw new KeyException("identifying " + executable + ": more than " + MOST_INTERPRETERS
                        + " interpreters, the last one " + next + "; is a script its own interpreter?");
            }
            file = next;
        }
    }

    private static Path program(EnvCommand command, Path env) throws KeyException {
        String word = command.words().get(0);
        return ProgramFinder.find(word, command.path(), command.directory())
                .orElseThrow(() -> new KeyException("identifying what " + env + " executes: there is no program " + word
                        + " on PATH (" + command.path().orElse("not set") + ")"));
    }

    private void interpreter(int number, Path file, Optional<String> argument) throws IOException {
        String name = "interpreter." + number;
        parts.add(new KeyPart(name + ".name", file.toString()));
        argument.ifPresent(words -> parts.add(new KeyPart(name + ".argument", words)));
        file(name, file);
    }

    private void file(String name, Path file) throws IOException {
        try {
            Path real = file.toRealPath();
            parts.add(new KeyPart(name + ".file", real.toString()));
            parts.add(new KeyPart(name + ".digest", digests.of(real).hex()));
        } catch (IOException e) {
            throw new KeyException("identifying the program: its " + name + " " + file + " cannot be read: " + reason(e), e);
        }
    }

    private void elf(Path file) throws IOException {
        String loader;
        try {
            loader = ElfFile.from(file).getInterpreter();
        } catch (ElfException | IllegalArgumentException e) {
            throw new KeyException("identifying " + file + ": its ELF headers cannot be read: " + e.getMessage(), e);
        }
        if (loader == null) {
            return;
        }
        Path name = Path.of(loader);
        file("loader", name);
        // glibc installs the two together; musl is one file.
        Path libc = name.toRealPath().resolveSibling("libc.so.6");
        if (Files.isRegularFile(libc)) {
            file("libc", libc);
        }
    }

    private static boolean isEnv(Path file) {
        return file.endsWith("bin/env");
    }

    private static byte[] head(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return content.readNBytes(ScriptLine.HEAD_BYTES);
        } catch (IOException e) {
            throw new KeyException("identifying the program: " + file + " cannot be read: " + reason(e), e);
        }
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        for (int i = 0; i < start.length; i++) {
            if (i >= bytes.length || bytes[i] != start[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isText(byte[] head) {
        for (byte value : head) {
            if (value == 0) {
                return false;
            }
        }
        return true;
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }
}

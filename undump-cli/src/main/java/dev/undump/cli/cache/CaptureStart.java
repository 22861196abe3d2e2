// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.key.CacheKey;
import dev.undump.cli.Installed;
import dev.undump.cli.ReplacementProgram;
import dev.undump.cli.cache.ready.Readiness;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Starts a command in place of this process, with ckpt and a helper beside it. */
final class CaptureStart {

    private static final Path SELF = Path.of("/proc/self");

    private final UserCommand command;
    private final CacheChoices choices;
    private final Path directory;
    private final Optional<Path> install;

    CaptureStart(UserCommand command, CacheChoices choices, Path directory, Optional<Path> install) {
        this.command = command;
        this.choices = choices;
        this.directory = directory;
        this.install = install;
    }

    /**
     * Replaces this process; returns only by an exception.
     *
     * @param root of the store
     * @param claim token of the right to make the image
     * @param wait whether the command's end shows only when the helper is done
     */
    void execute(Path root, CacheKey key, String claim, boolean wait) throws IOException {
        Installed installed = Installed.find();
        Readiness ready = choices.readiness();
        Optional<String> input = choices.isInputUnread() || ready.makesCommand() ? Optional.empty() : Optional.of(StandardInput.state(SELF));
        Path folder = Files.createTempDirectory(
                root.resolve("tmp"), "capture-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            new CaptureJob(
                            folder,
                            ProcessHandle.current().pid(),
                            System.nanoTime(),
                            directory,
                            command,
                            choices.fixedWords(),
                            choices.words(),
                            ready,
                            ready.before(directory),
                            input,
                            key,
                            claim,
                            installed.undump(),
                            install)
                    .write();
            Environment.forget();
            List<byte[]> words = words(installed, folder, ready, wait);
            words.addAll(command.bytes());
            ReplacementProgram.executeFound(installed.engine().toString().getBytes(StandardCharsets.UTF_8), words);
        } finally {
            CaptureJob.delete(folder);
        }
    }

    /** Without a signal of its own the engine leaves all of them to the program. */
    private List<byte[]> words(Installed installed, Path folder, Readiness ready, boolean wait) {
        List<String> words = new ArrayList<>(List.of("ckpt", "--cow"));
        words.addAll(List.of("-o", folder.resolve("checkpoint").toString().replace("%", "%%")));
        words.addAll(List.of("--log", CaptureJob.log(folder).toString()));
        words.addAll(List.of("--signal", ready.makesCommand() ? "USR2" : "none"));
        if (!choices.inputs().equals("none")) {
            words.addAll(List.of("--inputs", choices.inputs()));
        }
        choices.allowed().forEach(what -> words.addAll(List.of("--allow", what)));
        if (ready.looksAtOutput()) {
            words.addAll(List.of("--copy-output", CaptureJob.output(folder).toString()));
        }
        if (wait) {
            words.add("--hold");
        }
        for (String word : List.of(installed.undump().toString(), "cache", "complete", folder.toString())) {
            words.addAll(List.of("--helper", word));
        }
        words.add("--");
        List<byte[]> bytes = new ArrayList<>();
        words.forEach(word -> bytes.add(UserCommand.encode(word)));
        return bytes;
    }
}

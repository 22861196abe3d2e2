// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.FileDigests;
import dev.undump.cache.key.CacheKey;
import dev.undump.cache.key.KeyBuilder;
import dev.undump.cache.key.ProgramFinder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The key of a command. */
final class CommandKey {

    private CommandKey() {}

    /**
     * Makes it.
     *
     * @return empty when the command is not found
     */
    static Optional<CacheKey> of(UserCommand command, CacheChoices choices, Path directory, FileDigests digests) throws IOException {
        Map<String, String> environment = Environment.given();
        Optional<Path> executable =
                ProgramFinder.find(command.words().get(0), Optional.ofNullable(environment.get("PATH")), directory);
        if (executable.isEmpty()) {
            return Optional.empty();
        }
        boolean makesCommand = choices.readiness().makesCommand();
        List<String> words = makesCommand ? command.first(choices.fixedWords()) : command.words();
        KeyBuilder builder = new KeyBuilder(digests)
                .command(words, executable.get(), directory)
                .environment(environment, Set.copyOf(choices.keyVariables()), Set.copyOf(choices.ignoredVariables()))
                .ready(choices.readiness().word())
                .inputs(choices.inputs())
                .undump(UndumpVersion.text())
                .standardFiles()
                .option("allow", String.join(",", new TreeSet<>(choices.allowed())));
        if (makesCommand) {
            builder.commandImage();
        }
        for (Path file : choices.keyFiles()) {
            builder.file(file);
        }
        return Optional.of(builder.build());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cli.cache.ready.Readiness;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that say what a cached program depends on, and when and how it is captured. */
final class CacheChoices {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--ready",
            paramLabel = "CONDITION",
            description = {
                "When the program is warm and is captured. Default: api.",
                "api: it asks itself, by SIGUSR2 to itself or by libundump; its image is a command, which takes each launch's arguments,"
                        + " environment and directory.",
                "output:REGEX: it has written text that the regular expression finds, to standard output or error. Goes with --inputs traced.",
                "listen:PORT: it listens at that TCP port.",
                "file:PATH: that file has appeared or changed since it began.",
                "idle:MILLISECONDS: none of its threads has used a processor for so long.",
                "after:SECONDS: it has run for so long.",
                "With all but api a hit goes on where the capture was: what was written before is not written again."
            })
    private String ready = "api";

    @Option(
            names = "--command-words",
            paramLabel = "N",
            description = "With --ready api: how many words of the command are the program itself; the others are arguments of each launch and"
                    + " no part of the key. Default: 1; for \"python3 tool.py ARG\" say 2, for \"java -jar tool.jar ARG\" 3.")
    private int fixedWords = 1;

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "The content of FILE is part of the key. May be repeated.")
    private List<Path> keyFiles = List.of();

    @Option(
            names = "--key-env",
            paramLabel = "NAME",
            description = "The variable NAME is part of the key, beside those that always are. May be repeated.")
    private List<String> keyVariables = List.of();

    @Option(
            names = "--env-ignore",
            paramLabel = "NAME",
            description = "The variable NAME is no part of the key. May be repeated.")
    private List<String> ignoredVariables = List.of();

    @Option(
            names = "--inputs",
            paramLabel = "HOW",
            description = "Which files a hit depends on. traced: all that the program has looked at before its capture, which runs slower"
                    + " meanwhile. mapped: its code and libraries. none. Default: traced.")
    private String inputs = "traced";

    @Option(
            names = "--allow",
            paramLabel = "WHAT",
            description = "A weaker restore that the capture accepts, as \"ckpt --allow\". May be repeated.")
    private List<String> allowed = List.of();

    @Option(
            names = "--stdin-unread",
            description = "Cache although standard input is a pipe, socket or terminal: says that the program reads none of it before it is ready.")
    private boolean unreadInput;

    @Option(names = "--remote", paramLabel = "URL", description = "Look for images there as well, and keep them there.")
    private String remote;

    @Option(names = "--sign", paramLabel = "FILE", description = "Sign images that are made with this private key.")
    private Path signingKey;

    @Option(
            names = "--trust",
            paramLabel = "FILE",
            description = "Run an image of a remote store only if the holder of this public key has signed it. May be repeated.")
    private List<Path> trustedKeys = List.of();

    Readiness readiness() {
        try {
            return Readiness.parse(ready);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--ready " + e.getMessage());
        }
    }

    int fixedWords() {
        if (fixedWords < 1) {
            throw new ParameterException(command.commandLine(), "--command-words " + fixedWords + " is less than 1");
        }
        return fixedWords;
    }

    String inputs() {
        if (!List.of("none", "mapped", "traced").contains(inputs)) {
            throw new ParameterException(command.commandLine(), "--inputs takes none, mapped or traced, not \"" + inputs + '"');
        }
        if (readiness().looksAtOutput() && !inputs.equals("traced")) {
            throw new ParameterException(command.commandLine(), "--ready output: goes with --inputs traced, for only then it is known what is written");
        }
        return inputs;
    }

    List<Path> keyFiles() {
        return keyFiles;
    }

    List<String> keyVariables() {
        return keyVariables;
    }

    List<String> ignoredVariables() {
        return ignoredVariables;
    }

    List<String> allowed() {
        return allowed;
    }

    boolean isInputUnread() {
        return unreadInput;
    }

    Optional<String> remote() {
        return Optional.ofNullable(remote);
    }

    Optional<Path> signingKey() {
        return Optional.ofNullable(signingKey).map(Path::toAbsolutePath);
    }

    List<Path> trustedKeys() {
        return trustedKeys.stream().map(Path::toAbsolutePath).toList();
    }

    /** Returns the options again, for a call in another directory and at another time. */
    List<String> words() {
        List<String> words = new ArrayList<>(List.of("--ready", ready, "--command-words", Integer.toString(fixedWords), "--inputs", inputs));
        keyFiles.forEach(file -> words.addAll(List.of("--key-file", file.toAbsolutePath().toString())));
        keyVariables.forEach(name -> words.addAll(List.of("--key-env", name)));
        ignoredVariables.forEach(name -> words.addAll(List.of("--env-ignore", name)));
        allowed.forEach(what -> words.addAll(List.of("--allow", what)));
        if (unreadInput) {
            words.add("--stdin-unread");
        }
        remote().ifPresent(url -> words.addAll(List.of("--remote", url)));
        signingKey().ifPresent(file -> words.addAll(List.of("--sign", file.toString())));
        trustedKeys().forEach(file -> words.addAll(List.of("--trust", file.toString())));
        return words;
    }
}

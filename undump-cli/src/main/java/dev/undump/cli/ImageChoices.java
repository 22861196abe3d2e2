// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.NativeText;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.image.ImageOptions;
import dev.undump.image.ImageWriter;
import dev.undump.plan.DescriptorPolicy;
import dev.undump.plan.EnvironmentChange;
import dev.undump.plan.InputPolicy;
import dev.undump.plan.LaunchPolicies;
import dev.undump.plan.LazyMemory;
import dev.undump.plan.PlanException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Option;

/**
 * Options of all commands that make an image, from the command line and from a file, of which the command line has the last word.
 */
final class ImageChoices {

    private static final String OUT = "out";
    private static final String EAGER = "eager";
    private static final String REOPEN_STDIO = "reopen-stdio";
    private static final String PORT_MAP = "port-map";
    private static final String FD = "fd";
    private static final String ENV = "env";
    private static final String UNSET_ENV = "unset-env";
    private static final String CWD = "cwd";
    private static final String RIGHTS = "rights";
    private static final String ALLOW = "allow";
    private static final String INPUTS = "inputs";
    private static final String FALLBACK = "fallback";
    private static final String FALLBACK_ARGUMENTS = "fallback-arguments";

    private static final Map<String, OptionsFile.Form> IN_FILES = Map.ofEntries(
            Map.entry(OUT, OptionsFile.Form.PLAIN),
            Map.entry(EAGER, OptionsFile.Form.SWITCH),
            Map.entry(REOPEN_STDIO, OptionsFile.Form.SWITCH),
            Map.entry(PORT_MAP, OptionsFile.Form.PAIR),
            Map.entry(FD, OptionsFile.Form.PAIR),
            Map.entry(ENV, OptionsFile.Form.PAIR),
            Map.entry(UNSET_ENV, OptionsFile.Form.WORDS),
            Map.entry(CWD, OptionsFile.Form.PLAIN),
            Map.entry(RIGHTS, OptionsFile.Form.PLAIN),
            Map.entry(ALLOW, OptionsFile.Form.WORDS),
            Map.entry(INPUTS, OptionsFile.Form.PLAIN),
            Map.entry(FALLBACK, OptionsFile.Form.WORDS),
            Map.entry(FALLBACK_ARGUMENTS, OptionsFile.Form.PLAIN));

    @Option(
            names = "--" + EAGER,
            negatable = true,
            description = "A launch reads all memory before the program goes on, instead of mapping it: slower to start.")
    private Boolean eager;

    @Option(
            names = "--" + REOPEN_STDIO,
            negatable = true,
            description = "Regular files that the program had as standard input, output or error are opened again by path. Without this"
                    + " they count as redirections in a checkpoint of \"ckpt --pid\": the launch's own take their place.")
    private Boolean reopenStandardFiles;

    @Option(
            names = "--" + PORT_MAP,
            paramLabel = "OLD=NEW",
            description = "The image binds sockets of the program's port OLD to port NEW, so that copies run side by side; 0 is any"
                    + " port that is free. What the program itself remembers stays OLD. May be repeated.")
    private List<String> portMap = List.of();

    @Option(
            names = "--" + FD,
            paramLabel = "N=POLICY",
            description = "What the program finds at its descriptor N. inherit: the launch's own, which must have one. reopen:PATH: that"
                    + " file, opened with access mode, flags and (regular files) offset of the descriptor; a relative PATH counts from"
                    + " the launch's directory. null: /dev/null. close: nothing. May be repeated.")
    private List<String> descriptors = List.of();

    @Option(
            names = "--" + ENV,
            paramLabel = "NAME=VALUE",
            description = "/proc/PID/environ of a launch, which is what ps and others see, shows this instead of the launch's own"
                    + " variable. The program's memory holds the variables of the capture. May be repeated.")
    private List<String> variables = List.of();

    @Option(
            names = "--" + UNSET_ENV,
            paramLabel = "NAME",
            description = "/proc/PID/environ of a launch shows no such variable. May be repeated.")
    private List<String> unset = List.of();

    @Option(
            names = "--" + CWD,
            paramLabel = "restore|launch",
            description = "The working directory that the program goes on in: that of the capture (restore), or that of the launch."
                    + " Default: restore, but launch for a checkpoint that the program asked for itself.")
    private String directory;

    @Option(
            names = "--" + RIGHTS,
            paramLabel = "restore|launch",
            description = "restore, the default: a launch gives up capabilities and groups that the program had not, so that one that"
                    + " had given up root's does not get them back. launch: it keeps what it has.")
    private String rights;

    @Option(
            names = "--" + ALLOW,
            paramLabel = "WHAT",
            description = "A weaker restore than is possible. file-lock: files are not locked again, so that copies run side by side."
                    + " mapped-copy: where a mapped file or a System V segment is gone, a launch goes on with a copy of its memory."
                    + " What a capture refuses is allowed there, by ckpt --allow. May be repeated.")
    private List<String> weaker = List.of();

    @Option(
            names = "--" + INPUTS,
            paramLabel = "none|image",
            description = "image, the default: each launch looks at the files whose state the program has seen while it was warmed, if the"
                    + " capture has noted them (ckpt --inputs), and runs another command when one has changed. none: it looks at none.")
    private String inputs;

    @Option(
            names = "--" + FALLBACK,
            paramLabel = "WORD",
            description = "A word of the command that a launch runs in its own place when such a file has changed; may be repeated, as in"
                    + " --fallback javac --fallback=-g. The first one is a program, found now. Default: the program's own command line; of"
                    + " a program that asked for its checkpoint itself, the program alone.")
    private List<String> fallback = List.of();

    @Option(
            names = "--" + FALLBACK_ARGUMENTS,
            paramLabel = "none|launch",
            description = "What follows these words: nothing, or the arguments of the launch. Default: none, but launch for a checkpoint"
                    + " that the program asked for itself.")
    private String fallbackArguments;

    @Option(
            names = "--options",
            paramLabel = "FILE",
            description = "Reads options from a properties file, as undump(1) shows it at its end. The command line has the last word.")
    private Path file;

    /**
     * What was chosen.
     *
     * @param out where the file says to write the image
     */
    record Chosen(ImageOptions image, Optional<Path> out) {

        /** Writes the image, while the user looks on; returns what became of the program's memory. */
        LazyMemory write(Checkpoint checkpoint, Path target, Interruption interruption) throws IOException, PlanException {
            try (AttendedWork work = AttendedWork.begin("Writing " + target.getFileName(), interruption)) {
                return ImageWriter.write(checkpoint, image, target, work::advanced);
            }
        }
    }

    /** Returns whether more was chosen than how memory is read. */
    boolean decideLaunches() {
        return reopenStandardFiles != null
                || directory != null
                || rights != null
                || file != null
                || inputs != null
                || fallbackArguments != null
                || !List.of(portMap, descriptors, variables, unset, weaker, fallback).stream().allMatch(List::isEmpty);
    }

    /**
     * Reads the options of file and command line.
     *
     * @throws IOException if the file cannot be read
     */
    Chosen read(CommandFace face) throws IOException {
        List<OptionsFile.Entry> written = new ArrayList<>();
        try {
            if (file != null) {
                written.addAll(OptionsFile.read(file, IN_FILES));
            }
        } catch (IllegalArgumentException e) {
            throw face.wrongUsage(e.getMessage());
        } catch (NoSuchFileException e) {
            throw new CommandFailure("reading the options in " + file + ": there is no such file", e);
        }
        Choosing choosing = new Choosing(face, written);
        Map<Integer, Integer> ports = choosing.pairs(PORT_MAP, portMap, PolicyWords::ports, "port");
        Map<Integer, DescriptorPolicy> policies = choosing.pairs(FD, descriptors, PolicyWords::descriptor, "descriptor");
        LaunchPolicies launch = new LaunchPolicies(
                choosing.flag(REOPEN_STDIO, reopenStandardFiles),
                ports,
                policies,
                choosing.environment(variables, unset),
                choosing.last(CWD, directory, PolicyWords::directory),
                choosing.last(RIGHTS, rights, PolicyWords::keepsLaunchRights).orElse(false),
                choosing.words(weaker),
                inputs(face, choosing));
        return new Chosen(
                new ImageOptions(choosing.flag(EAGER, eager), launch, false),
                choosing.last(OUT, null, Path::of));
    }

    private InputPolicy inputs(CommandFace face, Choosing choosing) {
        List<String> words = choosing.replaced(FALLBACK, fallback);
        Optional<NativeText> program;
        try {
            program = words.stream().findFirst().map(ProgramPath::find);
        } catch (IllegalArgumentException e) {
            throw face.wrongUsage("--" + FALLBACK + " " + e.getMessage());
        }
        return new InputPolicy(
                choosing.last(INPUTS, inputs, PolicyWords::looksAtInputs).orElse(true),
                program,
                words.stream().map(NativeText::of).toList(),
                choosing.last(FALLBACK_ARGUMENTS, fallbackArguments, PolicyWords::takesArguments));
    }

    /** Joins what stands in the file with what stands on the command line. */
    private static final class Choosing {

        private final CommandFace face;
        private final List<OptionsFile.Entry> written;

        Choosing(CommandFace face, List<OptionsFile.Entry> written) {
            this.face = face;
            this.written = written;
        }

        boolean flag(String name, Boolean given) {
            return given != null ? given : last(name, null, Boolean::valueOf).orElse(false);
        }

        <T> Optional<T> last(String name, String given, Function<String, T> parser) {
            List<T> values = new ArrayList<>();
            each(name, given == null ? List.of() : List.of(given), parser, values::add, values::add);
            return values.isEmpty() ? Optional.empty() : Optional.of(values.get(values.size() - 1));
        }

        <T> Map<Integer, T> pairs(String name, List<String> given, Function<String, Map.Entry<Integer, T>> parser, String what) {
            Map<Integer, T> pairs = new TreeMap<>();
            Map<Integer, T> here = new TreeMap<>();
            Consumer<Map.Entry<Integer, T>> onceInFile = pair -> {
                if (pairs.put(pair.getKey(), pair.getValue()) != null) {
                    throw new IllegalArgumentException("names " + what + " " + pair.getKey() + " a second time");
                }
            };
            each(name, given, parser, onceInFile, pair -> {
                if (here.put(pair.getKey(), pair.getValue()) != null) {
                    throw face.wrongUsage("--" + name + " names " + what + " " + pair.getKey() + " twice");
                }
            });
            pairs.putAll(here);
            return pairs;
        }

        List<EnvironmentChange> environment(List<String> set, List<String> unset) {
            Map<NativeText, EnvironmentChange> changes = new LinkedHashMap<>();
            Map<NativeText, EnvironmentChange> here = new LinkedHashMap<>();
            Consumer<EnvironmentChange> once = change -> {
                if (here.put(change.name(), change) != null) {
                    throw face.wrongUsage("--env and --unset-env name the variable " + change.name() + " twice");
                }
            };
            Consumer<EnvironmentChange> onceInFile = change -> {
                if (changes.put(change.name(), change) != null) {
                    throw new IllegalArgumentException("names the variable " + change.name() + " a second time");
                }
            };
            each(ENV, set, PolicyWords::variable, onceInFile, once);
            each(UNSET_ENV, unset, PolicyWords::unset, onceInFile, once);
            changes.putAll(here);
            return List.copyOf(changes.values());
        }

        /** Words of the command line take the place of all that the file has. */
        List<String> replaced(String name, List<String> given) {
            List<String> inFile = new ArrayList<>();
            List<String> here = new ArrayList<>();
            each(name, given, word -> word, inFile::add, here::add);
            return here.isEmpty() ? inFile : here;
        }

        Set<LaunchPolicies.Weaker> words(List<String> given) {
            Set<LaunchPolicies.Weaker> words = EnumSet.noneOf(LaunchPolicies.Weaker.class);
            each(ALLOW, given, PolicyWords::weaker, words::add, words::add);
            return words;
        }

        /** Parses all values of an option, first those of the file. */
        private <T> void each(
                String name, List<String> given, Function<String, T> parser, Consumer<T> ofFile, Consumer<T> ofCommandLine) {
            for (OptionsFile.Entry entry : written) {
                if (entry.name().equals(name)) {
                    try {
                        ofFile.accept(parser.apply(entry.argument()));
                    } catch (IllegalArgumentException e) {
                        throw face.wrongUsage(
                                OptionsFile.wrong(entry.place(), name + " " + e.getMessage()).getMessage());
                    }
                }
            }
            for (String argument : given) {
                T value;
                try {
                    value = parser.apply(argument);
                } catch (IllegalArgumentException e) {
                    throw face.wrongUsage("--" + name + " " + e.getMessage());
                }
                ofCommandLine.accept(value);
            }
        }
    }
}

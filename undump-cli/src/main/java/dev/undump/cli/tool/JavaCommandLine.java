// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What stands behind {@code java}, understood as its launcher does, with all paths absolute: the image is launched anywhere.
 *
 * <p>Source: the java command, and {@code ParseArguments} in the JDK's libjli/java.c.
 *
 * @param options of the JVM, without what says which class to run
 * @param mode how the main class is named
 * @param what main class, jar, or module and perhaps class
 * @param preset arguments of the tool that stand on the command line
 * @param hasClassPath whether CLASSPATH is of no account
 */
public record JavaCommandLine(List<String> options, Mode mode, String what, List<String> preset, boolean hasClassPath) {

    /** How the main class is named. */
    public enum Mode {
        /** By its name. */
        CLASS("class"),
        /** By {@code -jar}. */
        JAR("jar"),
        /** By {@code -m}. */
        MODULE("module");

        private final String word;

        Mode(String word) {
            this.word = word;
        }

        /** The word for the JVM that prepares. */
        public String word() {
            return word;
        }
    }

    private static final String CLASS_PATH_VARIABLE = "CLASSPATH";
    private static final Set<String> WITH_WORD = Set.of(
            "--add-modules", "--enable-native-access", "--limit-modules", "--add-exports", "--add-opens", "--add-reads");
    private static final Set<String> WITH_PATH =
            Set.of("-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path");
    private static final Set<String> CLASS_PATH = Set.of("-cp", "-classpath", "--class-path");
    private static final Set<String> RUN_NOTHING = Set.of(
            "-version", "--version", "-fullversion", "--full-version", "-help", "--help", "-h", "-?", "-X", "--help-extra",
            "--list-modules", "-d", "--describe-module", "--validate-modules", "--dry-run");
    private static final List<String> JOINED_PATHS =
            List.of("--class-path=", "--module-path=", "--upgrade-module-path=", "-Xbootclasspath/a:");
    /**
     * Options of the JVM that make commands quick, each with what speaks against it. A launch has few threads and little garbage;
     * what the first compiler makes is there after fewer runs and does not count what it does; nobody watches the launches.
     */
    private static final Map<String, Pattern> COMMAND_DEFAULTS = new TreeMap<>(Map.of(
            "-XX:+UseSerialGC", Pattern.compile("-XX:[+-]Use\\w*GC\\b|-Xgc"),
            "-XX:TieredStopAtLevel=1",
                    Pattern.compile("-XX:(TieredStopAtLevel=|[+-]TieredCompilation|[+-]UseJVMCI)|-Xint|-Xcomp|-client|-server"),
            "-XX:-UsePerfData", Pattern.compile("-XX:[+-]UsePerfData")));
    private static final List<String> LIBRARIES = List.of("-javaagent:", "-agentpath:");

    public JavaCommandLine {
        options = List.copyOf(options);
        preset = List.copyOf(preset);
    }

    /**
     * Understands a command line.
     *
     * @param words behind java
     * @param directory to which relative paths belong
     * @throws IllegalArgumentException if it does not say what to run, or that cannot become an image; the message says why
     * @throws IOException if a file of arguments cannot be read
     */
    public static JavaCommandLine parse(List<String> words, Path directory) throws IOException {
        return new Parser(words, directory).parse();
    }

    /** The words behind java that run the tool, with all paths absolute. */
    public List<String> original() {
        List<String> words = new ArrayList<>(options);
        switch (mode) {
            case JAR -> words.addAll(List.of("-jar", what));
            case MODULE -> words.addAll(List.of("-m", what));
            default -> words.add(what);
        }
        words.addAll(preset);
        return words;
    }

    /** Like the tool's, but runs another class that can load the tool's; with what suits a command where nothing is said about it. */
    List<String> running(String mainClass) {
        List<String> words = new ArrayList<>(options);
        COMMAND_DEFAULTS.forEach((option, subject) -> {
            if (options.stream().noneMatch(given -> subject.matcher(given).lookingAt())) {
                words.add(option);
            }
        });
        switch (mode) {
            case JAR -> words.addAll(List.of("-cp", what));
            case MODULE -> {
                if (!hasClassPath && System.getenv(CLASS_PATH_VARIABLE) == null) {
                    // Else a class path of the working directory, which modules do not have.
                    words.addAll(List.of("-cp", ""));
                }
                words.add("-Djdk.module.main=" + what.split("/", 2)[0]);
            }
            default -> { }
        }
        words.add(mainClass);
        return words;
    }

    private static final class Parser {

        private final Deque<String> words;
        private final Path directory;
        private final List<String> options = new ArrayList<>();
        private boolean expandFiles = true;
        private boolean hasClassPath;

        Parser(List<String> words, Path directory) {
            this.words = new ArrayDeque<>(words);
            this.directory = directory;
        }

        JavaCommandLine parse() throws IOException {
            while (!words.isEmpty()) {
                String word = words.pop();
                if (word.startsWith("@@") && expandFiles) {
                    // Not a file.
                    return result(Mode.CLASS, word.substring(1));
                } else if (word.startsWith("@") && expandFiles) {
                    expand(word);
                } else if (word.equals("-jar")) {
                    return result(Mode.JAR, absolute(argument(word)));
                } else if (word.equals("-m") || word.equals("--module")) {
                    return result(Mode.MODULE, argument(word));
                } else if (word.startsWith("--module=")) {
                    return result(Mode.MODULE, word.substring("--module=".length()));
                } else if (word.startsWith("-")) {
                    option(word);
                } else {
                    return result(Mode.CLASS, word);
                }
            }
            throw new IllegalArgumentException("names no class to run: give -cp PATH CLASS, -jar FILE or -m MODULE behind --");
        }

        private JavaCommandLine result(Mode mode, String what) {
            if (what.endsWith(".java")) {
                throw new IllegalArgumentException(
                        "names the source file " + what + ": compile it with javac first, an image is made of classes");
            }
            if (mode == Mode.CLASS && !hasClassPath && System.getenv(CLASS_PATH_VARIABLE) == null) {
                options.addAll(List.of("-cp", directory.toString()));
                hasClassPath = true;
            }
            return new JavaCommandLine(options, mode, what, List.copyOf(words), hasClassPath || mode == Mode.JAR);
        }

        private void expand(String word) throws IOException {
            List<String> inside = ArgumentFile.read(directory.resolve(word.substring(1)));
            for (int i = inside.size() - 1; i >= 0; i--) {
                words.push(inside.get(i));
            }
        }

        private void option(String word) {
            if (word.equals("--disable-@files")) {
                expandFiles = false;
            } else if (RUN_NOTHING.contains(word)) {
                throw new IllegalArgumentException("has " + word + ", with which java runs nothing");
            } else if (word.equals("--source") || word.startsWith("--source=")) {
                throw new IllegalArgumentException("has " + word + ": compile with javac first, an image is made of classes");
            } else if (WITH_WORD.contains(word)) {
                options.addAll(List.of(word, argument(word)));
            } else if (WITH_PATH.contains(word)) {
                hasClassPath |= CLASS_PATH.contains(word);
                options.addAll(List.of(word, path(argument(word))));
            } else if (word.equals("--patch-module")) {
                options.add("--patch-module=" + patch(argument(word)));
            } else if (word.startsWith("--patch-module=")) {
                options.add("--patch-module=" + patch(word.substring("--patch-module=".length())));
            } else {
                options.add(joined(word));
            }
        }

        private String joined(String word) {
            for (String prefix : JOINED_PATHS) {
                if (word.startsWith(prefix)) {
                    hasClassPath |= prefix.equals("--class-path=");
                    return prefix + path(word.substring(prefix.length()));
                }
            }
            for (String prefix : LIBRARIES) {
                if (word.startsWith(prefix)) {
                    String[] parts = word.substring(prefix.length()).split("=", 2);
                    return prefix + absolute(parts[0]) + (parts.length > 1 ? "=" + parts[1] : "");
                }
            }
            return word;
        }

        private String patch(String value) {
            String[] parts = value.split("=", 2);
            if (parts[0].equals("java.base")) {
                throw new IllegalArgumentException("patches java.base, which undump needs to do itself");
            }
            return parts[0] + "=" + (parts.length > 1 ? path(parts[1]) : "");
        }

        private String argument(String option) {
            if (words.isEmpty()) {
                throw new IllegalArgumentException("ends with " + option + ", which takes an argument");
            }
            return words.pop();
        }

        /** An empty entry stands for the working directory. */
        private String path(String value) {
            return Arrays.stream(value.split(":", -1)).map(this::absolute).collect(Collectors.joining(":"));
        }

        private String absolute(String name) {
            if (name.startsWith("/")) {
                return name;
            }
            return name.isEmpty() ? directory.toString() : directory + "/" + name;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.undump.command.Commands.Outcome;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code SampleTool} as a command image beside the same tool run by java, and what {@code undump java} says to tools that are none. */
class ToolCommandIT {
    private static final Map<String, String> NOTHING = Map.of();
    private static final String CLASSES = Path.of("target/test-classes").toAbsolutePath().toString();
    /** Not in our package, which is the JDK's in a preparation. */
    private static final String NAME = "sample.SampleTool";

    private static final List<String> TOOL = List.of("-Dsample.hook=false", "-cp", CLASSES, NAME);
    private static final String INPUT = "first line\n\nthe third one, without an end";

    @TempDir
    static Path folder;

    private static Path image;

    @BeforeAll
    static void makeImage() throws Exception {
        Path input = Files.writeString(folder.resolve("input"), "a line of the warm-up\nand another one\n");
        image = Commands.image(
                folder.resolve("sample"),
                List.of("--warmup", "warm", "--warmup", "lines", "--warmup-input", input.toString(), "--runs", "3"), TOOL);
    }

    static Stream<Arguments> calls() {
        List<Arguments> calls = new ArrayList<>();
        for (List<String> words : List.of(
                List.of("nothing"), List.<String>of(), List.of("arguments", "a", "", "b  c", "äöü€", "-Dx=y", "@file", "*", "--version"),
                List.of("environment"), List.of("directory"), List.of("properties"), List.of("write", "written"),
                List.of("exit", "7"), List.of("exit", "256"), List.of("halt", "8"), List.of("exit-in-thread", "9"),
                List.of("exit-in-hook"), List.of("throw"), List.of("throw-in-thread"), List.of("throw-and-work"), List.of("stack"),
                List.of("hooks"), List.of("delete", "deleted"), List.of("thread"), List.of("daemon"), List.of("unflushed"),
                List.of("close-output"), List.of("print", "äöü€"), List.of("much", "20000"), List.of("names"), List.of("time"),
                List.of("self"), List.of("console"), List.of("loader"), List.of("copy"), List.of("lines"), List.of("unknown"),
                List.of("child", "env"), List.of("child", "/bin/sh", "-c", "pwd; exit 3"))) {
            calls.add(arguments(words, NOTHING));
        }
        calls.add(arguments(List.of("environment"), Map.of("NEW", "variable", "EMPTY", "", "ÄÖÜ", "€")));
        calls.add(arguments(List.of("variable", "ÄÖÜ"), Map.of("ÄÖÜ", "€")));
        calls.add(arguments(List.of("child", "env"), Map.of("NEW", "variable")));
        calls.add(arguments(List.of("print", "äöü"), Map.of("LC_ALL", "C")));
        calls.add(arguments(List.of("properties"), Map.of("LC_ALL", "C")));
        calls.add(arguments(List.of("time"), Map.of("TZ", "America/New_York")));
        calls.add(arguments(List.of("properties"), Map.of("JAVA_TOOL_OPTIONS", "-Dset=by-the-environment")));
        calls.add(arguments(List.of("properties"), Map.of("JDK_JAVA_OPTIONS", "-Dset=by-the-environment")));
        calls.add(arguments(List.of("properties"), Map.of("LD_LIBRARY_PATH", "/nowhere")));
        return calls.stream();
    }

    @ParameterizedTest
    @MethodSource("calls")
    void launch_anyArguments_doesWhatJavaDoes(List<String> words, Map<String, String> environment) throws Exception {
        Path expectedFolder = newFolder("called");
        Outcome expected = Commands.run(java(words), expectedFolder, environment, INPUT);
        Map<String, String> expectedFiles = Commands.files(expectedFolder);
        empty(expectedFolder);

        Outcome actual = Commands.run(launch(words), expectedFolder, environment, INPUT);

        assertThat(actual).isEqualTo(expected);
        assertThat(Commands.files(expectedFolder)).isEqualTo(expectedFiles);
    }

    /** Without it, everything could be done by the original command. */
    @Test
    void launch_findsTheStateOfTheWarmUp_butNotWhereTheLocaleIsAnother() throws Exception {
        assertThat(run(image, NOTHING, "runs")).isEqualTo(new Outcome(0, "7\n", ""));
        assertThat(run(image, Map.of("LC_ALL", "C"), "runs")).isEqualTo(new Outcome(0, "1\n", ""));
        assertThat(run(image, Map.of("LC_ALL", "", "LANG", "C.UTF-8"), "runs")).isEqualTo(new Outcome(0, "7\n", ""));
    }

    @Test
    void launch_directoryIsGone_failsAsJavaDoes() throws Exception {
        List<String> inNoDirectory = List.of("sh", "-c", "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"", "sh");
        List<String> expected = new ArrayList<>(inNoDirectory);
        expected.addAll(java(List.of("nothing")));
        List<String> actual = new ArrayList<>(inNoDirectory);
        actual.addAll(launch(List.of("nothing")));

        Outcome outcome = Commands.run(actual, folder, NOTHING, "");

        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome).isEqualTo(Commands.run(expected, folder, NOTHING, ""));
    }

    @Test
    void launch_programOfThePath_isFoundWhereTheLaunchSays() throws Exception {
        Path programs = newFolder("programs");
        Path program = Files.writeString(programs.resolve("greet"), "#!/bin/sh\necho \"hello $1\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));

        Outcome outcome = run(image, Map.of("PATH", programs + ":" + System.getenv("PATH")), "child", "greet", "you");

        assertThat(outcome).isEqualTo(new Outcome(0, "hello you\nstatus 0\n", ""));
    }

    @Test
    void launch_twice_hasOtherRandomNumbers() throws Exception {
        List<String> first = run(image, NOTHING, "random").out().lines().toList();
        List<String> second = run(image, NOTHING, "random").out().lines().toList();

        assertThat(first).hasSize(2).doesNotContainAnyElementsOf(second);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HUP", "INT", "TERM"})
    void launch_signal_runsHooksAndEndsWithItsStatus(String signal) throws Exception {
        assertThat(signalled(launch(List.of("wait")), signal)).isEqualTo(signalled(java(List.of("wait")), signal));
    }

    private static String signalled(List<String> command, String signal) throws Exception {
        Process process = Commands.start(command, folder, NOTHING);
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(out.readLine()).isEqualTo("READY");
            assertThat(Commands.run(List.of("kill", "-" + signal, Long.toString(process.pid())), folder, NOTHING, "").status())
                    .isZero();
            String rest = String.join("\n", out.lines().toList());
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            return process.exitValue() + " " + rest;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void launch_readerOfItsOutputIsGone_toolIsTold() throws Exception {
        Process process = Commands.start(launch(List.of("much", "200000")), folder, NOTHING);
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(out.readLine()).isEqualTo("line 0 of many");
        }
        assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("error true\n");
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void launch_tenAtOnce_doNotDisturbEachOther() throws Exception {
        List<CompletableFuture<String>> launches = IntStream.range(0, 10)
                .mapToObj(number -> CompletableFuture.supplyAsync(() -> printed(Integer.toString(number))))
                .toList();

        for (int i = 0; i < launches.size(); i++) {
            assertThat(launches.get(i).get()).isEqualTo(i + "\n");
        }
    }

    private static String printed(String word) {
        try {
            return run(image, NOTHING, "print", word).out();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void freshLoader_launchFindsNoStateOfTheTool() throws Exception {
        Path fresh = Commands.image(folder.resolve("fresh"), List.of("--warmup", "warm", "--runs", "2", "--fresh-loader"), TOOL);

        assertThat(run(fresh, NOTHING, "runs")).isEqualTo(new Outcome(0, "1\n", ""));
        assertThat(run(fresh, NOTHING, "loader")).isEqualTo(Commands.run(java(List.of("loader")), folder, NOTHING, ""));
        assertThat(run(fresh, NOTHING, "throw")).isEqualTo(Commands.run(java(List.of("throw")), folder, NOTHING, ""));
    }

    @Test
    void noWarmup_toolIsNotRunBefore() throws Exception {
        Path cold = Commands.image(folder.resolve("cold"), List.of("--warmup", "none"), TOOL);

        assertThat(run(cold, NOTHING, "runs")).isEqualTo(new Outcome(0, "1\n", ""));
        assertThat(run(cold, NOTHING, "exit", "3")).isEqualTo(new Outcome(3, "", ""));
    }

    /** A hook that the class registers once, and one that each run registers. */
    @Test
    void hooks_ofTheClass_stayForLaunches() throws Exception {
        List<String> tool = List.of("-Dsample.hook=true", "-cp", CLASSES, NAME);
        Path hooked = Commands.image(folder.resolve("hooked"), List.of("--warmup", "hooks", "--runs", "3"), tool);

        assertThat(run(hooked, NOTHING, "once")).isEqualTo(new Outcome(0, "main ends\nhook of the class\n", ""));
        assertThat(run(hooked, NOTHING, "hooks").out().lines())
                .containsExactlyInAnyOrder("main ends", "hook of the class", "hook runs");
    }

    @Test
    void jar_withPresetArguments_standsBeforeThoseOfTheLaunch() throws Exception {
        Path work = newFolder("jar");
        String jar = Commands.javaHome().resolve("bin/jar").toString();
        Outcome made = Commands.run(
                List.of(jar, "--create", "--file", "tool.jar", "--main-class", NAME, "-C", CLASSES, "sample"), work, NOTHING, "");
        assertThat(made).isEqualTo(new Outcome(0, "", ""));
        Path options = Files.writeString(work.resolve("options"), "-Xmx200m # of the tool\n'-Dname=two words' -jar tool.jar arguments first\n");
        Path ofJar = work.resolve("of-jar");

        Outcome image = Commands.undumpJava(work, List.of("--out", "of-jar", "--warmup", "second", "--runs", "2", "--", "@" + options.getFileName()));

        assertThat(image).isEqualTo(new Outcome(0, "", ""));
        assertThat(run(ofJar, NOTHING, "a")).isEqualTo(new Outcome(0, "61 72 67 75 6d 65 6e 74 73\n66 69 72 73 74\n61\n", ""));
    }

    @Test
    void jarTool_makesAndListsArchives() throws Exception {
        Path work = newFolder("archives");
        Files.writeString(work.resolve("a"), "a");
        Path jar = Commands.image(
                work.resolve("jar-fast"),
                List.of("--warmup", "--create --file " + work.resolve("w.jar") + " -C " + work + " a", "--warmup", "--list --file " + work.resolve("w.jar"), "--runs", "3"),
                List.of("-m", "jdk.jartool/sun.tools.jar.Main"));
        String plain = Commands.javaHome().resolve("bin/jar").toString();

        for (List<String> words : List.of(
                List.of("--create", "--file", "x.jar", "--date", "2001-01-01T00:00:00Z", "a"), List.of("tf", "x.jar"), List.of("--list", "--file", "missing.jar"), List.<String>of(),
                List.of("--help"), List.of("-foo"), List.of("--create", "--file", "y.jar", "missing"), List.of("--version"))) {
            Outcome expected = Commands.run(command(plain, words), work, NOTHING, "");
            Map<String, String> files = Commands.files(work);
            assertThat(Commands.run(command(jar.toString(), words), work, NOTHING, "")).as("%s", words).isEqualTo(expected);
            assertThat(Commands.files(work)).as("%s", words).isEqualTo(files);
        }
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                arguments(List.of("--warmup", "exit 3"), 1, "preparing the tool: the warm-up run with the arguments [exit, 3] ended with status 3"
                        + " (--status 3 accepts that)"),
                arguments(List.of("--warmup", "throw"), 1, "ended with status 1 (--status 1 accepts that); above are the last lines that it wrote"),
                arguments(List.of("--warmup", "leave-thread"), 1, "the tool left a thread behind that does not end when it is interrupted: thread"
                        + " \"stubborn\""),
                arguments(List.of("--warmup", "wait", "--limit", "1"), 1, "a warm-up run did not end within 1 s: thread \"main\""),
                arguments(List.of("--warmup", "'open"), 2, "--warmup has a quote ' that does not end"),
                arguments(List.of("--warmup", "nothing", "--runs", "0"), 2, "--runs 0 is less than 1"),
                arguments(List.of("--warmup", "nothing", "--java", "/nothing/java"), 1, "starting /nothing/java: there is no such program"),
                arguments(List.of("--warmup", "nothing", "--warmup-input", "/nothing/input"), 1, "/nothing/input"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void undumpJava_cannot_saysWhyAndLeavesNothing(List<String> options, int status, String why) throws Exception {
        Path work = newFolder("failing");
        List<String> words = new ArrayList<>(List.of("--out", "image"));
        words.addAll(options);
        words.add("--");
        words.addAll(TOOL);

        Outcome outcome = Commands.undumpJava(work, words);

        assertThat(outcome.status()).isEqualTo(status);
        assertThat(outcome.err().lines().toList()).last().asString().startsWith("undump: ").contains(why);
        assertThat(work).isEmptyDirectory();
    }

    @Test
    void undumpJava_noMainClass_showsWhatJavaSays() throws Exception {
        Path work = newFolder("failing");

        Outcome missing = Commands.undumpJava(work, List.of("--out", "image", "--warmup", "none", "--", "-cp", CLASSES, "not.There"));
        Outcome option = Commands.undumpJava(work, List.of("--out", "image", "--warmup", "none", "--", "-XX:NoSuchOption", "Any"));
        Outcome nothing = Commands.undumpJava(work, List.of("--out", "image", "--warmup", "none", "--", "-version"));

        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).contains("Could not find or load main class not.There").contains("java ended with status 1");
        assertThat(option.err()).contains("Unrecognized VM option").contains("undump: preparing the tool: java ended with status 1");
        assertThat(nothing.status()).isEqualTo(2);
        assertThat(nothing.err()).startsWith("undump: the command line of java has -version, with which java runs nothing");
        assertThat(work).isEmptyDirectory();
    }

    private static Outcome run(Path program, Map<String, String> environment, String... words) throws Exception {
        return Commands.run(command(program.toString(), List.of(words)), folder, environment, "");
    }

    private static List<String> java(List<String> words) {
        List<String> command = new ArrayList<>(TOOL);
        command.addAll(words);
        return command(Commands.java(), command);
    }

    private static List<String> launch(List<String> words) {
        return command(image.toString(), words);
    }

    private static List<String> command(String program, List<String> words) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(words);
        return command;
    }

    private static Path newFolder(String name) throws IOException {
        return Files.createTempDirectory(folder, name);
    }

    private static void empty(Path where) {
        for (File file : where.toFile().listFiles()) {
            assertThat(file.delete()).isTrue();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"", "inspect", "verify", "run", "tune", "crac", "java", "pack", "unpack"})
    void help_everyCommand_listsExitStatuses(String command) {
        CommandRun run = command.isEmpty() ? CommandRun.of("--help") : CommandRun.of(command, "--help");

        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("Exit status").contains("1").contains("2").contains("wrong usage");
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 100);
    }

    @Test
    void java_whatIsMissing_isUsageInOneLine() {
        assertUsage(CommandRun.of("java", "--warmup", "none", "--", "Main"), "Missing required option: --out FILE");
        assertUsage(CommandRun.of("java", "--out", folder.resolve("x"), "--", "Main"), "Missing required option: '--warmup=ARGS'");
        assertUsage(CommandRun.of("java", "--out", folder.resolve("x"), "--warmup", "none"), "JAVA-ARG");
        assertUsage(CommandRun.of("java", "--out", folder.resolve("x"), "--warmup", "none", "--", "-Xmx1g"), "names no class to run");
        assertFailure(CommandRun.of("java", "--out", folder, "--warmup", "none", "--", "Main"), folder + ": it is a directory");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void version_isOneLine() {
        CommandRun run = CommandRun.of("--version");

        assertThat(run.status()).isZero();
        assertThat(run.out()).startsWith("undump ").contains("checkpoint format 4").hasLineCount(1);
    }

    @Test
    void noArguments_isUsageInOneLine() {
        assertUsage(CommandRun.of(), "Missing required parameter: CHECKPOINT");
    }

    @Test
    void unknownOption_isUsageInOneLine() {
        assertUsage(CommandRun.of("--fast", "x"), "--fast");
        assertUsage(CommandRun.of("inspect", "--xml", "x"), "undump inspect --help");
        assertUsage(CommandRun.of("inspect"), "FILE");
        assertUsage(CommandRun.of("verify", "a", "b"), "b");
        assertUsage(CommandRun.of("a", "b"), "b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"80", "80=", "=80", "0=80", "65536=80", "80=65536", "80=81=82", "a=b", "-1=80"})
    void portMap_notTwoPorts_isUsageInOneLine(String pair) {
        Path anywhere = folder.resolve("checkpoint");

        assertUsage(CommandRun.of("--port-map", pair, anywhere), "--port-map takes OLD=NEW");
    }

    @Test
    void portMap_samePortTwice_isUsageInOneLine() {
        assertUsage(
                CommandRun.of("--port-map", "80=81", "--port-map", "80=82", folder.resolve("x")), "--port-map names port 80 twice");
        assertUsage(CommandRun.of("--rights", "all", folder.resolve("x")), "--rights takes restore or launch");
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "3=", "=null", "x=null", "-1=null", "3=nul", "3=reopen:", "9999999999=null", "3=null=null"})
    void fd_notAPolicy_isUsageInOneLine(String pair) {
        assertUsage(CommandRun.of("--fd", pair, folder.resolve("x")), "--fd takes N=inherit, N=reopen:PATH, N=null or N=close");
    }

    @Test
    void decisions_thatMakeNoSense_areUsageInOneLine() {
        Path anywhere = folder.resolve("x");

        assertUsage(CommandRun.of("--fd", "3=null", "--fd", "3=close", anywhere), "--fd names descriptor 3 twice");
        assertUsage(CommandRun.of("--env", "A", anywhere), "--env takes NAME=VALUE, not \"A\"");
        assertUsage(CommandRun.of("--env", "=A", anywhere), "--env takes NAME=VALUE");
        assertUsage(CommandRun.of("--unset-env", "A=B", anywhere), "--unset-env takes the name of a variable");
        assertUsage(CommandRun.of("--env", "A=1", "--unset-env", "A", anywhere), "name the variable A twice");
        assertUsage(CommandRun.of("--cwd", "here", anywhere), "--cwd takes restore or launch");
        assertUsage(CommandRun.of("--allow", "tcp-closed", anywhere), "--allow takes file-lock or mapped-copy");
        assertUsage(CommandRun.of("--inputs", "all", anywhere), "--inputs takes none or image, not \"all\"");
        assertUsage(CommandRun.of("--fallback-arguments", "all", anywhere), "--fallback-arguments takes none or launch");
        assertUsage(CommandRun.of("--fallback", "no such program", anywhere), "--fallback takes a program first, and there is no");
    }

    @Test
    void optionsFile_withAMistake_isUsageInOneLineWithItsPlace() throws IOException {
        Path options = Files.writeString(folder.resolve("my.properties"), "cwd = launch\nfd.3 = nul\n");

        assertUsage(CommandRun.of("--options", options, folder.resolve("x")), options + ":2: fd takes N=inherit");
        Files.writeString(options, "prot-map.80 = 81");
        assertUsage(CommandRun.of("--options", options, folder.resolve("x")), options + ":1: there is no option prot-map.80; did you mean port-map?");
        Path missing = folder.resolve("missing");
        assertFailure(CommandRun.of("--options", missing, folder.resolve("x")), "reading the options in " + missing + ": there is no such file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"inspect", "verify", "run"})
    void missingFile_everyCommand_isOneLine(String command) {
        Path missing = folder.resolve("missing");

        assertFailure(CommandRun.of(command, missing), missing + ": there is no such file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"inspect", "verify", "run"})
    void directory_everyCommand_isOneLine(String command) {
        assertFailure(CommandRun.of(command, folder), folder + ": it is a directory");
    }

    @ParameterizedTest
    @ValueSource(strings = {"inspect", "verify", "run"})
    void foreignFile_everyCommand_isOneLine(String command) throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "hello");

        assertFailure(CommandRun.of(command, text), "it is not a checkpoint: it does not begin with UNDUMPCK");
        assertFailure(CommandRun.of("--out", folder.resolve("image"), text), "it is not a checkpoint");
        assertThat(folder.resolve("image")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"inspect", "verify", "run"})
    void foreignProgram_everyCommand_isOneLine(String command) {
        assertFailure(CommandRun.of(command, "/bin/true"), "it is an ELF file but no image");
    }

    @Test
    void truncatedFile_isNamedAsSuch() throws IOException {
        byte[] whole = CheckpointSamples.everything().build();
        Path file = Files.write(folder.resolve("short"), Arrays.copyOf(whole, whole.length - 1));

        assertFailure(CommandRun.of(file), "it is truncated: " + (whole.length - 1) + " bytes found, " + whole.length);
    }

    @Test
    void failure_nameWithControlCharacters_staysOnOneLine() {
        CommandRun run = CommandRun.of("inspect", folder.resolve("a\nb\u001b[31m"));

        assertFailure(run, "a\\x0ab\\x1b[31m: there is no such file");
    }

    @Test
    void failure_withStacktrace_showsWhere() {
        CommandRun run = CommandRun.of("inspect", "--stacktrace", folder.resolve("missing"));

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).startsWith("undump: ").contains("at dev.undump.checkpoint.CheckpointReader.read");
    }

    @Test
    void outIsDirectory_isRefusedAndUntouched() throws IOException {
        Path file = new CheckpointBuilder().write(folder.resolve("my.dat"));
        Path target = Files.createDirectory(folder.resolve("target"));

        assertFailure(CommandRun.of("--out", target, file), "it is a directory");
        assertThat(target).isEmptyDirectory();
    }

    @Test
    void outInMissingDirectory_isRefused() throws IOException {
        Path file = new CheckpointBuilder().write(folder.resolve("my.dat"));

        assertFailure(CommandRun.of("--out", folder.resolve("no/image"), file), "does not exist");
    }

    @Test
    void verify_wholeFile_saysSo() throws IOException {
        Path file = CheckpointSamples.everything().write(folder.resolve("my.dat"));

        CommandRun run = CommandRun.of("verify", file);

        assertThat(run).isEqualTo(new CommandRun(0, file + ": whole and undamaged" + System.lineSeparator(), ""));
    }

    @Test
    void verify_flippedPage_fails() throws IOException {
        byte[] content = CheckpointSamples.everything().build();
        content[CheckpointSamples.PAGE] ^= 1;

        assertFailure(CommandRun.of("verify", Files.write(folder.resolve("my.dat"), content)), "the checksum of the memory at");
    }

    @Test
    void outNotWritable_isOneLineWithTheReason() throws IOException {
        Path file = new CheckpointBuilder().write(folder.resolve("my.dat"));

        // Nobody, root included, can make a file there.
        CommandRun run = CommandRun.of("--out", "/proc/image", file);

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).startsWith("undump: writing the image /proc/image").hasLineCount(1);
    }

    private static void assertFailure(CommandRun run, String message) {
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("undump: ").contains(message).hasLineCount(1);
    }

    private static void assertUsage(CommandRun run, String message) {
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("undump: ").contains(message).contains("--help\" tells").hasLineCount(1);
    }
}

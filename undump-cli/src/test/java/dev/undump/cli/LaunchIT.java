// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Cpu;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.ThreadSample;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole command in a process of its own, on a checkpoint of a process that never was: its few instructions write a line
 * and exit with status 7.
 */
class LaunchIT {

    private static final long CODE = 0x10000000;
    private static final long STACK = 0x20000000;
    private static final int STATUS = 7;

    /** write(1, message, 6); exit_group(7). */
    private static final byte[] INSTRUCTIONS = {
        (byte) 0xb8, 1, 0, 0, 0, // mov $1, %eax
        (byte) 0xbf, 1, 0, 0, 0, // mov $1, %edi
        (byte) 0xbe, 0x40, 0, 0, 0x10, // mov $message, %esi
        (byte) 0xba, 6, 0, 0, 0, // mov $6, %edx
        0x0f, 0x05, // syscall
        (byte) 0xb8, (byte) 231, 0, 0, 0, // mov $231, %eax
        (byte) 0xbf, STATUS, 0, 0, 0, // mov $7, %edi
        0x0f, 0x05, // syscall
    };

    private static final int MESSAGE_OFFSET = 0x40;
    private static final int E_SHOFF = 40;

    @TempDir
    private Path folder;

    private Path checkpoint;

    /** How a program ended, and what it printed. */
    private record Outcome(int status, String output) {}

    @BeforeEach
    void writeCheckpoint() throws IOException {
        checkpoint = program()
                .openFile(CheckpointSamples.openFile(FileKind.TERMINAL, "/dev/pts/0"))
                .descriptor(new Descriptor(0, 0, false))
                .descriptor(new Descriptor(1, 0, false))
                .descriptor(new Descriptor(2, 0, false))
                .write(folder.resolve("my.dat"));
    }

    /** A program that says hello, without descriptors. */
    private static CheckpointBuilder program() {
        byte[] page = Arrays.copyOf(INSTRUCTIONS, CheckpointSamples.PAGE);
        byte[] message = "hello\n".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(message, 0, page, MESSAGE_OFFSET, message.length);
        int stackFlags = CheckpointLayout.VMA_STACK | CheckpointLayout.VMA_GROWSDOWN;
        int readWrite = Mapping.READ | Mapping.WRITE;
        return new CheckpointBuilder()
                .cpu(new Cpu(NativeText.of("any"), NativeText.of("any"), 3, 0, 0, 0))
                .thread(thread())
                .mapping(CheckpointSamples.mapping(
                        CODE, 1, MappingKind.ANONYMOUS, Mapping.READ | Mapping.EXECUTE, 0, ""))
                .bytes(CODE, ExtentKind.PRIVATE, page)
                .mapping(CheckpointSamples.mapping(STACK, 33, MappingKind.ANONYMOUS, readWrite, stackFlags, "[stack]"));
    }

    @Test
    void undump_checkpoint_writesAnExecutableThatGoesOn() throws Exception {
        Path image = folder.resolve("fast-hello");

        Outcome written = undump("--out", image.toString(), checkpoint.toString());

        assertThat(written).isEqualTo(new Outcome(0, ""));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(image))).isEqualTo("rwx------");
        assertThat(run(List.of(image.toString()))).isEqualTo(new Outcome(STATUS, "hello\n"));
    }

    @Test
    void undump_withoutOut_namesTheFileAfterTheProgram() throws Exception {
        Outcome written = undump(checkpoint.toString());

        assertThat(written).isEqualTo(new Outcome(0, "undump: wrote fast-sample\n"));
        assertThat(folder.resolve("fast-sample")).isExecutable();
    }

    /** Of the second, which the program has elsewhere as well, it is known that the program put it there. */
    @Test
    void undump_filesAtStandardDescriptors_tellsOfThoseThatMayBeRedirections() throws Exception {
        checkpoint = program()
                .openFile(CheckpointSamples.openFile(FileKind.REGULAR, "/redirected"))
                .openFile(CheckpointSamples.openFile(FileKind.REGULAR, "/its-log"))
                .descriptor(new Descriptor(1, 0, false))
                .descriptor(new Descriptor(2, 1, false))
                .descriptor(new Descriptor(3, 1, false))
                .write(folder.resolve("files.dat"));

        Outcome written = undump("--out", folder.resolve("image").toString(), checkpoint.toString());

        assertThat(written.status()).isZero();
        assertThat(written.output()).contains("descriptor 1 was the file /redirected; a launch has its own").doesNotContain("/its-log");
    }

    @Test
    void undump_optionsFile_isReadAndTheCommandLineHasTheLastWord() throws Exception {
        Path image = folder.resolve("fast-hello");
        Path options = Files.writeString(
                folder.resolve("my.properties"),
                "fd.0 = null\nfd.2 = inherit\nenv.ROLE = blue\nunset-env = HOME\ncwd = launch\nout = elsewhere\neager = true\n");

        CommandRun written = CommandRun.of(
                "--options", options, "--fd", "2=close", "--env", "ROLE=red", "--no-eager", "--out", image, checkpoint);

        assertThat(written).isEqualTo(new CommandRun(0, "", ""));
        assertThat(run(List.of(image.toString()))).isEqualTo(new Outcome(STATUS, "hello\n"));
        assertThat(CommandRun.of("inspect", image).out())
                .containsPattern("0  terminal .* opens /dev/null")
                .containsPattern("1  terminal .* the launch's")
                .containsPattern("2  terminal .* closed")
                .contains("goes on in the launch's working directory")
                .contains("but ROLE=red")
                .contains("but HOME is left out");
        assertThat(CommandRun.of("inspect", "--json", image).out())
                .contains("\"at_launch\" : \"closed\"")
                .contains("\"environment_changes\" : [ \"ROLE=red\", \"HOME\" ]");
        CommandRun again = CommandRun.of("run", "--fd", "1=close", image);
        assertThat(again.status()).isEqualTo(2);
        assertThat(again.err()).contains("was decided when the image " + image + " was made").hasLineCount(1);
    }

    @Test
    void undump_existingImage_isReplaced() throws Exception {
        Path image = Files.writeString(folder.resolve("fast-hello"), "old");

        undump("--out", image.toString(), checkpoint.toString());

        assertThat(run(List.of(image.toString())).status()).isEqualTo(STATUS);
    }

    @Test
    void run_checkpoint_becomesTheProgramAndLeavesNothing() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("temporary"));

        Outcome outcome = undumpWith(List.of("-Djava.io.tmpdir=" + temporary), "run", checkpoint.toString());

        assertThat(outcome).isEqualTo(new Outcome(STATUS, "hello\n"));
        try (Stream<Path> left = Files.walk(temporary)) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
    }

    @Test
    void run_image_becomesTheProgram() throws Exception {
        Path image = folder.resolve("fast-hello");
        undump("--out", image.toString(), checkpoint.toString());

        assertThat(undump("run", image.toString())).isEqualTo(new Outcome(STATUS, "hello\n"));
        assertThat(image).exists();
    }

    @Test
    void inspect_image_showsCheckpointAndLayout() throws Exception {
        Path image = folder.resolve("fast-hello");
        undump("--out", image.toString(), checkpoint.toString());

        Outcome outcome = undump("inspect", image.toString());

        assertThat(outcome.status()).isZero();
        assertThat(outcome.output()).contains("Image").contains("1 thread").contains("stub at 0x").contains("read at start");
    }

    @Test
    void inspect_imageOfManyGibibytes_isRead() throws Exception {
        Path image = folder.resolve("fast-hello");
        undump("--out", image.toString(), checkpoint.toString());
        ByteBuffer whole = ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) whole.getLong(E_SHOFF);
        long farAway = 5L << 30;
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
            file.write(whole.slice(headers, whole.limit() - headers), farAway);
            file.write(whole.putLong(E_SHOFF, farAway).slice(0, headers), 0);
        }

        assertThat(undump("inspect", image.toString()).output()).contains("5 GiB", "1 thread", "stub at 0x");
    }

    @Test
    void inspect_truncatedImage_isRefusedInOneLine() throws Exception {
        Path image = folder.resolve("fast-hello");
        undump("--out", image.toString(), checkpoint.toString());
        byte[] whole = Files.readAllBytes(image);

        for (int i = 1; i < 64; i++) {
            int length = (int) ((long) whole.length * i / 64);
            Path part = Files.write(folder.resolve("part"), Arrays.copyOf(whole, length));
            CommandRun run = CommandRun.of("inspect", part);
            assertThat(run.status()).as("%d bytes", length).isEqualTo(1);
            assertThat(run.err()).startsWith("undump: ").hasLineCount(1).doesNotContain("internal error");
        }
    }

    @Test
    void inspect_imageWithFlippedHeaderBits_neverBreaks() throws Exception {
        Path image = folder.resolve("fast-hello");
        undump("--out", image.toString(), checkpoint.toString());
        byte[] content = Files.readAllBytes(image);
        Path flipped = folder.resolve("flipped");

        for (int bit = 32; bit < 64 * 8; bit++) {
            content[bit / 8] ^= (byte) (1 << (bit % 8));
            CommandRun run = CommandRun.of("inspect", Files.write(flipped, content));
            content[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThat(run.status()).as("bit %d", bit).isIn(0, 1);
            assertThat(run.err()).as("bit %d", bit).doesNotContain("internal error");
        }
    }

    @Test
    void inspect_outputFull_failsInOneLine() throws Exception {
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(undumpCommand(List.of(), "inspect", checkpoint.toString()))
                .redirectOutput(Path.of("/dev/full").toFile())
                .redirectError(err.toFile())
                .start();

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(err).hasContent("undump: writing to standard output: No space left on device");
    }

    @Test
    void inspect_outputAbandoned_isSilent() throws Exception {
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(undumpCommand(List.of(), "inspect", checkpoint.toString()))
                .redirectError(err.toFile())
                .start();
        process.getInputStream().close();

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(err).isEmptyFile();
    }

    @Test
    void inspect_smallHeap_failsInOneLine() throws Exception {
        CheckpointBuilder builder = new CheckpointBuilder();
        for (int i = 0; i < 100_000; i++) {
            builder.allowance("word " + i + " of very many that do not fit into a small heap all at once");
        }
        Path large = builder.write(folder.resolve("large.dat"));

        Outcome outcome = undumpWith(List.of("-Xmx16m"), "inspect", large.toString());

        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.output()).startsWith("undump: out of memory: the Java heap of 1").hasLineCount(1);
    }

    @Test
    void undump_interrupted_leavesNothing() throws Exception {
        Interruption interruption = new Interruption();
        interruption.finished();
        interruption.request();
        Path image = folder.resolve("fast-hello");

        int status = Main.commandLine(interruption)
                .setErr(new PrintWriter(new StringWriter()))
                .execute("--out", image.toString(), checkpoint.toString());

        assertThat(status).isEqualTo(1);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(checkpoint);
        }
    }

    private Outcome undump(String... arguments) throws Exception {
        return undumpWith(List.of(), arguments);
    }

    private Outcome undumpWith(List<String> options, String... arguments) throws Exception {
        return run(undumpCommand(options, arguments));
    }

    private static List<String> undumpCommand(List<String> options, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-XX:-UsePerfData"));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private Outcome run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ended", command).isTrue();
        return new Outcome(process.exitValue(), output);
    }

    private static CheckpointThread thread() {
        long stackTop = STACK + 32L * CheckpointSamples.PAGE;
        Registers registers = new Registers(
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, CODE, 0x33, 0x202, stackTop, 0x2b, 0, 0, 0, 0, 0, 0);
        return ThreadSample.of(1000).unregistered().registers(registers).name("hello").build();
    }
}

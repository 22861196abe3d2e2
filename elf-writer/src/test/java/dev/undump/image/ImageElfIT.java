// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.plan.PlanSamples;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Independent readers of ELF accept an image without a word of complaint. */
class ImageElfIT {

    @TempDir
    private Path folder;

    private Path image;

    /** What a tool wrote to stdout and stderr. */
    private record Answer(int status, String output, String complaints) {}

    @BeforeEach
    void write() throws Exception {
        image = folder.resolve("image");
        ImageWriter.write(
                PlanSamples.read(
                        PlanSamples.builder(PlanSamples.heap()).thread(CheckpointSamples.thread(PlanSamples.TID)), folder),
                ImageOptions.DEFAULT,
                image,
                WriteProgress.NONE);
    }

    @Test
    void readelf_findsHeadersInOrder() throws Exception {
        Answer answer = run("readelf", "-aW", image.toString());
        assertThat(answer.status()).isZero();
        assertThat(answer.complaints()).isEmpty();
        assertThat(answer.output())
                .contains("EXEC (Executable file)", ".undump.stub", ".undump.pages", "GNU_STACK", "Build ID:")
                .doesNotContain("Warning", "rror:", "RWE");
    }

    @Test
    void objdump_disassemblesTheStub() throws Exception {
        Answer answer = run("objdump", "-h", "-d", image.toString());
        assertThat(answer.status()).isZero();
        assertThat(answer.complaints()).isEmpty();
        assertThat(answer.output()).contains("elf64-x86-64", "syscall", ".undump.plan");
    }

    @Test
    void file_namesIt() throws Exception {
        Answer answer = run("file", "-b", image.toString());
        assertThat(answer.status()).isZero();
        assertThat(answer.output()).contains("ELF 64-bit LSB executable, x86-64", "statically linked", "BuildID");
    }

    @Test
    void gdb_readsIt() throws Exception {
        Answer answer = run("gdb", "-nx", "-batch", "-ex", "info files", image.toString());
        assertThat(answer.status()).isZero();
        assertThat(answer.complaints()).doesNotContain("warning").doesNotContain("rror");
        assertThat(answer.output()).contains("Entry point: 0xfff00000000", "is .undump.threads");
    }

    private Answer run(String... command) throws IOException, InterruptedException {
        Path output = folder.resolve("stdout");
        Path complaints = folder.resolve("stderr");
        Process process;
        try {
            process = new ProcessBuilder(List.of(command))
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(complaints.toFile())
                    .start();
        } catch (IOException e) {
            throw new AssertionError(command[0] + " is not installed; ./check installs it", e);
        }
        int status = process.waitFor();
        return new Answer(status, text(output), text(complaints));
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}

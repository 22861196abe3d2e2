// SPDX-License-Identifier: Apache-2.0
package dev.undump.nativestub;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeBinariesTest {

    private static final String ELF_MAGIC = "\177ELF";

    @TempDir
    Path directory;

    @Test
    void stub_isAnElfFile_andTheCallerOwnsTheArray() throws IOException {
        byte[] stub = NativeBinaries.stub();
        assertThat(new String(stub, 0, 4, ISO_8859_1)).isEqualTo(ELF_MAGIC);

        Arrays.fill(stub, (byte) 0);
        assertThat(new String(NativeBinaries.stub(), 0, 4, ISO_8859_1)).isEqualTo(ELF_MAGIC);
    }

    @Test
    void stubElf_holdsTheSameBytesAsStub() throws IOException {
        Path file = NativeBinaries.stubElf(directory);

        assertThat(file).hasBinaryContent(NativeBinaries.stub());
    }

    @Test
    void ckpt_canBeStarted() throws IOException, InterruptedException {
        Path ckpt = NativeBinaries.ckpt(directory);
        Path output = directory.resolve("help.txt");

        Process help = new ProcessBuilder(ckpt.toString(), "--help")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();

        assertThat(help.waitFor()).as(() -> readString(output)).isZero();
        assertThat(readString(output)).contains("ckpt", "--pid");
    }

    @Test
    void ckpt_targetExists_isNotOverwritten() throws IOException {
        Files.writeString(directory.resolve("ckpt"), "mine");

        assertThatThrownBy(() -> NativeBinaries.ckpt(directory)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(directory.resolve("ckpt")).hasContent("mine");
    }

    private static String readString(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "unreadable: " + e;
        }
    }
}

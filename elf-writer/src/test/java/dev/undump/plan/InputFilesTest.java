// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.FileStamp;
import dev.undump.checkpoint.Input;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.InputSamples;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {

    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @TempDir
    private Path folder;

    @Test
    void plan_file_hasTheDigestOfItsBytes() throws Exception {
        PlannedInput planned = plan(InputKind.FILE, Files.writeString(folder.resolve("a"), "abc"));
        assertThat(planned.digest()).isEqualTo(hex(ABC));
        assertThat(planned.stamp().sizeBytes()).isEqualTo(3);
    }

    @Test
    void plan_fileWrittenSinceTheCapture_isRefusedByName() throws Exception {
        Path file = Files.writeString(folder.resolve("a"), "abc");
        Input seen = InputSamples.of(InputKind.FILE, file);
        FileTime before = Files.getLastModifiedTime(file);
        Files.writeString(file, "abd");
        Files.setLastModifiedTime(file, before);
        assertThatThrownBy(() -> InputFiles.plan(List.of(seen)))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining(file + ", which the program has seen")
                .hasMessageContaining("has changed")
                .hasMessageContaining("--inputs none");
        Files.delete(file);
        assertThatThrownBy(() -> InputFiles.plan(List.of(seen))).hasMessageContaining("is not there any more");
    }

    /** The type byte and the name count; contents do not. */
    @Test
    void plan_directory_hasTheSumOverItsEntries() throws Exception {
        Path directory = Files.createDirectory(folder.resolve("d"));
        assertThat(plan(InputKind.DIRECTORY, directory).digest()).isEqualTo(InputDigest.NONE);
        Files.writeString(directory.resolve("f"), "anything");
        // printf '\010f' | sha256sum
        assertThat(plan(InputKind.DIRECTORY, directory).digest())
                .isEqualTo(hex("73f9c56767db15646bfe1c595c190d44f0285e35e819f4740dcb8622dddd00a0"));
        PlannedInput one = plan(InputKind.DIRECTORY, directory);
        Files.createSymbolicLink(directory.resolve("l"), Path.of("f"));
        assertThat(InputFiles.current(one)).isEmpty();
        Files.delete(directory.resolve("l"));
        assertThat(InputFiles.current(one)).isPresent();
    }

    @Test
    void plan_link_keepsItsTarget() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("l"), Path.of("abc"));
        Input seen = InputSamples.of(InputKind.LINK, link);
        assertThat(plan(InputKind.LINK, link).digest()).isEqualTo(hex(ABC));
        Files.delete(link);
        Files.createSymbolicLink(link, Path.of("abd"));
        assertThatThrownBy(() -> InputFiles.plan(List.of(seen))).hasMessageContaining("has changed");
        Files.delete(link);
        Files.createSymbolicLink(link, Path.of("abc"));
        assertThat(InputFiles.plan(List.of(seen)).get(0).digest()).isEqualTo(hex(ABC));
    }

    @Test
    void plan_missing_mustBeMissing() throws Exception {
        Path file = folder.resolve("none");
        Input seen = InputSamples.of(InputKind.MISSING, file);
        assertThat(InputFiles.plan(List.of(seen)).get(0).stamp()).isEqualTo(FileStamp.NONE);
        Files.createSymbolicLink(file, Path.of("nowhere"));
        assertThat(InputFiles.plan(List.of(seen)).get(0).stamp().isLink()).isTrue();
        Files.writeString(folder.resolve("nowhere"), "");
        assertThatThrownBy(() -> InputFiles.plan(List.of(seen))).hasMessageContaining("is there by now");
        Input below = InputSamples.of(InputKind.MISSING, folder.resolve("nowhere").resolve("below"));
        assertThat(InputFiles.plan(List.of(below))).hasSize(1);
    }

    @Test
    void plan_status_ofADirectoryIsItsMode_ofAFileAlsoSizeAndTime() throws Exception {
        Path directory = Files.createDirectory(folder.resolve("d"));
        Path file = Files.writeString(folder.resolve("f"), "abc");
        Input ofDirectory = InputSamples.of(InputKind.STATUS, directory);
        Input ofFile = InputSamples.of(InputKind.STATUS, file);
        Files.writeString(directory.resolve("more"), "");
        assertThat(InputFiles.plan(List.of(ofDirectory))).hasSize(1);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1));
        assertThatThrownBy(() -> InputFiles.plan(List.of(ofFile))).hasMessageContaining("has changed");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        assertThatThrownBy(() -> InputFiles.plan(List.of(ofDirectory))).hasMessageContaining("has changed");
    }

    @Test
    void current_equalBytesInAnotherFile_isTheSameWithANewStamp() throws Exception {
        Path file = Files.writeString(folder.resolve("a"), "abc");
        PlannedInput planned = plan(InputKind.FILE, file);
        Files.delete(file);
        Files.writeString(folder.resolve("keeps the inode busy"), "x");
        Files.writeString(file, "abc");
        PlannedInput now = InputFiles.current(planned).orElseThrow();
        assertThat(now.stamp()).isNotEqualTo(planned.stamp());
        assertThat(now.digest()).isEqualTo(planned.digest());
        Files.writeString(file, "abd");
        assertThat(InputFiles.current(planned)).isEmpty();
    }

    /** The kernel's names are bytes; Java's are characters of the locale. */
    @Test
    void path_anyBytes_comesBack() throws IOException {
        NativeText odd = NativeText.copyOf(new byte[] {'/', 'a', '%', (byte) 0xff, ' ', '/', (byte) 0xc3, (byte) 0xbc, '?', '#'});
        assertThat(NativePaths.text(NativePaths.path(odd))).isEqualTo(odd);
        NativeText file = NativeText.copyOf(concat(folder.toString().getBytes(StandardCharsets.UTF_8), new byte[] {
            '/', (byte) 0xfe, 'x'
        }));
        Files.writeString(NativePaths.path(file), "");
        try (var entries = Files.newDirectoryStream(folder)) {
            assertThat(NativePaths.text(entries.iterator().next().getFileName()))
                    .isEqualTo(NativeText.copyOf(new byte[] {(byte) 0xfe, 'x'}));
        }
        assertThat(NativePaths.text(Path.of("usr"))).isEqualTo(NativeText.of("usr"));
    }

    private static byte[] concat(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    private static PlannedInput plan(InputKind kind, Path path) throws Exception {
        return InputFiles.plan(List.of(InputSamples.of(kind, path))).get(0);
    }

    private static Bytes hex(String digits) {
        return Bytes.copyOf(HexFormat.of().parseHex(digits));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.image.ImageException;
import dev.undump.image.WriteProgress;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackingTest {

    private static final int VERSION_AT = 16;
    private static final int CRC_AT = 20;
    private static final int KIND_AT = 24;
    private static final int FRAME_BYTES_AT = 48;
    private static final int DIGEST_AT = 56;
    private static final int FRAMES_CRC_AT = 88;
    private static final int RESERVED_AT = 96;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            ints = {
                1,
                4095,
                4096,
                4097,
                131_072,
                Packer.FRAME_BYTES - 1,
                Packer.FRAME_BYTES,
                Packer.FRAME_BYTES + 1,
                3 * Packer.FRAME_BYTES + 5
            })
    void unpack_anySize_isTheSameFile(int bytes) throws Exception {
        Path original = mixed(bytes);

        Path back = unpack(pack(original, 3));

        assertThat(Files.mismatch(back, original)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwx------", "rw-------", "rwxr-xr-x", "r--r-----"})
    void unpack_mode_isThatOfTheOriginal(String mode) throws Exception {
        Path original = mixed(10_000);
        Files.setPosixFilePermissions(original, PosixFilePermissions.fromString(mode));

        Path packed = pack(original, 2);

        assertThat(mode(packed)).isEqualTo("rw-------");
        assertThat(mode(unpack(packed))).isEqualTo(mode);
    }

    @Test
    void unpack_kind_isTold() throws Exception {
        Path packed = folder.resolve("packed");
        Packing.pack(mixed(5000), PackedKind.IMAGE, PackOptions.defaults(), packed, WriteProgress.NONE);

        PackedKind kind = Packing.unpack(packed, 1, folder.resolve("back"), WriteProgress.NONE);

        assertThat(kind).isEqualTo(PackedKind.IMAGE);
    }

    @Test
    void pack_anyThreads_sameBytes() throws Exception {
        Path original = mixed(5 * Packer.FRAME_BYTES);

        byte[] one = Files.readAllBytes(pack(original, 1));

        assertThat(Files.readAllBytes(pack(original, 5))).isEqualTo(one);
    }

    @Test
    void pack_result_isOrdinaryZstd() throws Exception {
        Path original = mixed(2 * Packer.FRAME_BYTES + 77);

        try (InputStream in = new ZstdCompressorInputStream(Files.newInputStream(pack(original, 2)))) {
            assertThat(in.readAllBytes()).isEqualTo(Files.readAllBytes(original));
        }
    }

    @Test
    void unpack_zeroPages_areHoles() throws Exception {
        Path original = folder.resolve("sparse");
        try (RandomAccessFile file = new RandomAccessFile(original.toFile(), "rw")) {
            file.setLength((64L << 20) + 100);
            file.seek(10L << 20);
            file.write(new byte[] {1, 2, 3});
        }

        Path back = unpack(pack(original, 2));

        assertThat(Files.mismatch(back, original)).isEqualTo(-1);
        assertThat(((Number) Files.getAttribute(back, "unix:size")).longValue()).isEqualTo((64L << 20) + 100);
        assertThat(allocatedBytes(back)).isLessThanOrEqualTo(64 << 10);
    }

    @Test
    void pack_packedFile_isRefused() throws Exception {
        Path packed = pack(mixed(5000), 1);

        assertThatThrownBy(() -> pack(packed, 1))
                .isInstanceOfSatisfying(
                        PackException.class, e -> assertThat(e.kind()).isEqualTo(PackException.Kind.PACKED_ALREADY));
    }

    @Test
    void pack_fileChangesMeanwhile_isRefusedAndLeavesNothing() throws Exception {
        Path original = mixed(6 * Packer.FRAME_BYTES);
        PackOptions options = new PackOptions(1, 1);

        assertThatThrownBy(() -> Packing.pack(
                        original, PackedKind.IMAGE, options, folder.resolve("packed"), (doneBytes, totalBytes) -> {
                            overwrite(original, doneBytes);
                        }))
                .isInstanceOfSatisfying(
                        PackException.class, e -> assertThat(e.kind()).isEqualTo(PackException.Kind.CHANGED));
        assertThat(names()).containsExactly("mixed");
    }

    @Test
    void packAndUnpack_interrupted_leaveNothing() throws Exception {
        Path packed = pack(mixed(3 * Packer.FRAME_BYTES), 2);
        List<String> before = names();
        WriteProgress interrupting = (doneBytes, totalBytes) -> {
            throw new CancellationException();
        };

        assertThatThrownBy(() -> Packing.pack(
                        folder.resolve("mixed"), PackedKind.IMAGE, PackOptions.defaults(), folder.resolve("new"), interrupting))
                .isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> Packing.unpack(packed, 2, folder.resolve("new"), interrupting))
                .isInstanceOf(CancellationException.class);
        assertThat(names()).isEqualTo(before);
    }

    @Test
    void unpack_noSuchDirectory_isSaid() throws Exception {
        Path packed = pack(mixed(5000), 1);

        assertThatThrownBy(() -> Packing.unpack(packed, 1, folder.resolve("missing").resolve("x"), WriteProgress.NONE))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("writing the checkpoint")
                .hasMessageContaining("does not exist");
    }

    @Test
    void unpack_everyTruncation_isRefused() throws Exception {
        byte[] whole = Files.readAllBytes(pack(mixed(60_000), 1));

        for (int length = 0; length < whole.length; length += length < 300 ? 1 : 97) {
            PackException refusal = refusal(Arrays.copyOf(whole, length));
            assertThat(refusal.kind())
                    .as("%d bytes: %s", length, refusal.getMessage())
                    .isEqualTo(length < VERSION_AT ? PackException.Kind.NOT_PACKED : PackException.Kind.TRUNCATED);
            assertThat(refusal.getMessage()).startsWith("unpacking ").doesNotContain("\n");
        }
    }

    @Test
    void unpack_longer_isRefused() throws Exception {
        byte[] whole = Files.readAllBytes(pack(mixed(5000), 1));

        assertThat(refusal(Arrays.copyOf(whole, whole.length + 1)).kind()).isEqualTo(PackException.Kind.DAMAGED);
    }

    @Test
    void unpack_anyFlippedBit_isRefused() throws Exception {
        byte[] whole = Files.readAllBytes(pack(mixed(9000), 1));

        for (int at = 0; at < whole.length; at += at < 200 ? 1 : 13) {
            for (int bit = 0; bit < 8; bit += at < 200 ? 1 : 7) {
                whole[at] ^= (byte) (1 << bit);
                PackException refusal = refusal(whole);
                whole[at] ^= (byte) (1 << bit);
                assertThat(refusal.getMessage())
                        .as("bit %d of byte %d", bit, at)
                        .startsWith("unpacking ")
                        .doesNotContain("\n");
            }
        }
    }

    @Test
    void unpack_newerVersion_isNamed() throws Exception {
        byte[] content = Files.readAllBytes(pack(mixed(5000), 1));
        ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putInt(VERSION_AT, 2);

        PackException refusal = refusal(content);

        assertThat(refusal.kind()).isEqualTo(PackException.Kind.TOO_NEW);
        assertThat(refusal).hasMessageContaining("version is 2").hasMessageContaining("use a newer undump");
    }

    @Test
    void unpack_olderVersion_isNamed() throws Exception {
        byte[] content = Files.readAllBytes(pack(mixed(5000), 1));
        ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putInt(VERSION_AT, 0);

        assertThat(refusal(content).kind()).isEqualTo(PackException.Kind.TOO_OLD);
    }

    @Test
    void unpack_lyingHeader_isRefused() throws Exception {
        byte[] whole = Files.readAllBytes(pack(mixed(5000), 1));

        assertThat(refusal(lie(whole, KIND_AT, 3))).hasMessageContaining("unknown kind 3");
        assertThat(refusal(lie(whole, KIND_AT + 4, 04755))).hasMessageContaining("a number in its header is wrong");
        assertThat(refusal(lie(whole, KIND_AT + 8, 5001))).hasMessageContaining("5000 of 5001 bytes");
        assertThat(refusal(lie(whole, KIND_AT + 8, 4999))).hasMessageContaining("more than 4999 bytes");
        assertThat(refusal(lie(whole, KIND_AT + 12, -1))).hasMessageContaining("a number in its header is wrong");
        assertThat(refusal(lie(whole, KIND_AT + 12, 0x1000))).hasMessageContaining("a number in its header is wrong");
        assertThat(refusal(lie(whole, FRAME_BYTES_AT, 4097))).hasMessageContaining("a number in its header is wrong");
        assertThat(refusal(lie(whole, FRAME_BYTES_AT, 4096))).hasMessageContaining("frame 1 of 2 is missing");
        assertThat(refusal(lie(whole, DIGEST_AT, 0))).hasMessageContaining("SHA-256 of its contents");
        assertThat(refusal(lie(whole, FRAMES_CRC_AT, 0))).hasMessageContaining("checksum of its frames");
        assertThat(refusal(lie(whole, RESERVED_AT, 1))).hasMessageContaining("a number in its header is wrong");
    }

    @Test
    void unpack_otherFiles_areRefused() throws Exception {
        assertThat(refusal(new byte[0])).hasMessageContaining("it is empty");
        assertThat(refusal(new byte[5000])).hasMessageContaining("it is not a packed file");
        assertThat(refusal(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0})).hasMessageContaining("zstd -d");
        assertThatThrownBy(() -> unpack(folder)).isInstanceOf(PackException.class).hasMessageContaining("directory");
        assertThatThrownBy(() -> unpack(folder.resolve("missing"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void isPacked_others_isFalse() throws Exception {
        assertThat(Packing.isPacked(mixed(5000))).isFalse();
        assertThat(Packing.isPacked(Files.write(folder.resolve("short"), new byte[3]))).isFalse();
        assertThat(Packing.isPacked(folder)).isFalse();
        assertThat(Packing.isPacked(folder.resolve("missing"))).isFalse();
        assertThat(Packing.isPacked(pack(folder.resolve("mixed"), 1))).isTrue();
    }

    private Path pack(Path original, int threads) throws IOException {
        Path packed = folder.resolve("packed");
        Packing.pack(original, PackedKind.CHECKPOINT, new PackOptions(3, threads), packed, WriteProgress.NONE);
        return packed;
    }

    private Path unpack(Path packed) throws IOException {
        Path back = folder.resolve("back");
        Packing.unpack(packed, 3, back, WriteProgress.NONE);
        return back;
    }

    private PackException refusal(byte[] content) throws IOException {
        Path damaged = Files.write(folder.resolve("damaged"), content);
        PackException[] refusal = new PackException[1];
        assertThatThrownBy(() -> unpack(damaged))
                .isInstanceOfSatisfying(PackException.class, e -> refusal[0] = e);
        assertThat(names()).doesNotContain("back").noneMatch(name -> name.endsWith(".tmp"));
        return refusal[0];
    }

    /** Changes a number of the header and makes its checksum right again. */
    private static byte[] lie(byte[] whole, int at, int value) {
        byte[] content = whole.clone();
        ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(at, value);
        buffer.putInt(CRC_AT, 0);
        CRC32C crc = new CRC32C();
        crc.update(content, 0, PackHeader.SIZE_BYTES);
        buffer.putInt(CRC_AT, (int) crc.getValue());
        return content;
    }

    /** Text, noise and zeros. */
    private Path mixed(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        Random random = new Random(bytes);
        for (int at = 0; at < bytes; at += 8192) {
            int end = Math.min(bytes, at + 8192);
            switch (random.nextInt(3)) {
                case 0 -> {
                    byte[] noise = new byte[end - at];
                    random.nextBytes(noise);
                    System.arraycopy(noise, 0, content, at, noise.length);
                }
                case 1 -> Arrays.fill(content, at, end, (byte) 'x');
                default -> {
                    // Zeros are there already.
                }
            }
        }
        return Files.write(folder.resolve("mixed"), content);
    }

    private static void overwrite(Path file, long at) {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.seek(at);
            open.write(new byte[] {'c', 'h', 'a', 'n', 'g', 'e', 'd'});
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long allocatedBytes(Path file) throws Exception {
        Process du = new ProcessBuilder("du", "--block-size=1", file.toString()).start();
        String output = new String(du.getInputStream().readAllBytes());
        return Long.parseLong(output.substring(0, output.indexOf('\t')));
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return new ArrayList<>(files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }
}

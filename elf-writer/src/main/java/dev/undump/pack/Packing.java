// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import dev.undump.image.ImageException;
import dev.undump.image.NewFile;
import dev.undump.image.WriteProgress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Packs checkpoints and images for transport, and unpacks them to the same bytes. Any zstd decompresses a packed file, too.
 *
 * <p>Memory need does not depend on the size of the file. The same file, level and library give the same bytes, whatever the
 * number of threads.
 */
public final class Packing {

    private static final String EVERYTHING = "rwxrwxrwx";
    private static final Set<PosixFilePermission> OWNER_ALONE = PosixFilePermissions.fromString("rw-------");

    private Packing() {}

    /**
     * Returns whether a file begins as a packed one; false for what is no regular file, or cannot be read.
     *
     * @throws IOException if reading fails
     */
    public static boolean isPacked(Path file) throws IOException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return PackHeader.begins(start(channel));
        }
    }

    /**
     * Packs a file.
     *
     * @param file a checkpoint or an image, by the caller's word
     * @param out the packed file, with mode 0600; an existing file is replaced at once when it is complete
     * @param progress is told about bytes of {@code file}
     * @throws PackException if it is packed already, or changes meanwhile
     * @throws ImageException if {@code out} cannot be written; nothing is left behind, an existing file is as before
     * @throws IOException if {@code file} cannot be read
     */
    public static void pack(Path file, PackedKind kind, PackOptions options, Path out, WriteProgress progress)
            throws IOException {
        ZstdLibrary.load();
        PackFaults faults = new PackFaults("packing", file);
        try (FileChannel original = FileChannel.open(file, StandardOpenOption.READ)) {
            if (PackHeader.begins(start(original))) {
                throw faults.packedAlready();
            }
            int mode = bits(Files.getPosixFilePermissions(file));
            try (NewFile packed = NewFile.create(out, "the packed file", OWNER_ALONE, 0)) {
                new Packer(original, packed, options, faults).pack(kind, mode, progress);
                packed.commit();
            }
        }
    }

    /**
     * Unpacks a file and compares all checksums.
     *
     * @param file that {@link #pack} wrote
     * @param threads at most this many work at once
     * @param out the original again, with its mode and with holes where it has pages of zeros; an existing file is replaced at
     *     once when it is complete
     * @param progress is told about bytes of {@code out}
     * @return what it was
     * @throws PackException if it is no packed file, one of another version, truncated or damaged
     * @throws ImageException if {@code out} cannot be written; nothing is left behind, an existing file is as before
     * @throws IOException if {@code file} cannot be read
     */
    public static PackedKind unpack(Path file, int threads, Path out, WriteProgress progress) throws IOException {
        PackFaults faults = new PackFaults("unpacking", file);
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw faults.notPacked(
                    Files.isDirectory(file) ? "it is a directory" : "it is not a regular file",
                    "give a file that \"undump pack\" wrote");
        }
        try (FileChannel packed = FileChannel.open(file, StandardOpenOption.READ)) {
            PackHeader header = PackHeader.decode(start(packed), packed.size(), faults);
            ZstdLibrary.load();
            String what = header.kind() == PackedKind.IMAGE ? "the image" : "the checkpoint";
            try (NewFile original = NewFile.create(out, what, permissions(header.mode()), header.originalBytes())) {
                new Unpacker(packed, header, original, faults).unpack(threads, progress);
                original.commit();
            }
            return header.kind();
        }
    }

    private static ByteBuffer start(FileChannel channel) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(PackHeader.SIZE_BYTES);
        while (start.hasRemaining() && channel.read(start, start.position()) > 0) {
            // The file may be shorter.
        }
        return start.flip();
    }

    private static int bits(Set<PosixFilePermission> permissions) {
        int bits = 0;
        for (char letter : PosixFilePermissions.toString(permissions).toCharArray()) {
            bits = bits << 1 | (letter == '-' ? 0 : 1);
        }
        return bits;
    }

    private static Set<PosixFilePermission> permissions(int bits) {
        StringBuilder letters = new StringBuilder(EVERYTHING);
        for (int i = 0; i < EVERYTHING.length(); i++) {
            if ((bits >> (EVERYTHING.length() - 1 - i) & 1) == 0) {
                letters.setCharAt(i, '-');
            }
        }
        return PosixFilePermissions.fromString(letters.toString());
    }
}

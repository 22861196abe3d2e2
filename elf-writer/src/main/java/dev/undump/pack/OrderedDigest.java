// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** SHA-256 of a file that is read, or written, part by part. */
final class OrderedDigest {

    private static final int PIECE_BYTES = 128 << 10;

    private final FileChannel file;
    private final MessageDigest sha256 = sha256();
    private final byte[] piece = new byte[PIECE_BYTES];

    OrderedDigest(FileChannel file) {
        this.file = file;
    }

    /** Adds the next part and returns its CRC-32C. */
    int add(long start, int bytes) throws IOException {
        CRC32C crc = new CRC32C();
        FileBytes in = new FileBytes(file, start, bytes);
        int count;
        while ((count = in.read(piece, 0, PIECE_BYTES)) >= 0) {
            sha256.update(piece, 0, count);
            crc.update(piece, 0, count);
        }
        return (int) crc.getValue();
    }

    /** Returns the digest as hexadecimal digits. */
    String finish() {
        return HexFormat.of().formatHex(sha256.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

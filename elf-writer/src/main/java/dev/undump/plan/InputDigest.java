// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Digests of inputs, as {@code struct image_input} defines them and restore/inputs.c makes them. */
final class InputDigest {

    static final int BYTES = 32;

    /** Of what has no contents. */
    static final Bytes NONE = Bytes.copyOf(new byte[BYTES]);

    private static final int BUFFER_BYTES = 1 << 18;
    private static final byte DIRECTORY = 4;
    private static final byte REGULAR = 8;
    private static final byte LINK = 10;

    private InputDigest() {}

    static Bytes of(InputKind kind, Path path) throws IOException {
        return switch (kind) {
            case FILE -> file(path);
            case DIRECTORY -> directory(path);
            case LINK -> link(NativePaths.text(Files.readSymbolicLink(path)));
            default -> NONE;
        };
    }

    static Bytes link(NativeText target) {
        return Bytes.copyOf(sha256().digest(target.bytes()));
    }

    private static Bytes file(Path path) throws IOException {
        MessageDigest sum = sha256();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
            while (channel.read(buffer) >= 0) {
                sum.update(buffer.flip());
                buffer.clear();
            }
        }
        return Bytes.copyOf(sum.digest());
    }

    private static Bytes directory(Path path) throws IOException {
        byte[] total = new byte[BYTES];
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            for (Path entry : entries) {
                MessageDigest sum = sha256();
                sum.update(type(entry));
                sum.update(NativePaths.text(entry.getFileName()).bytes());
                add(total, sum.digest());
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return Bytes.copyOf(total);
    }

    private static byte type(Path entry) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (attributes.isSymbolicLink()) {
            return LINK;
        }
        return attributes.isDirectory() ? DIRECTORY : attributes.isRegularFile() ? REGULAR : 0;
    }

    /** Adds little-endian numbers of 256 bits. */
    private static void add(byte[] total, byte[] digest) {
        int carry = 0;
        for (int i = 0; i < BYTES; i++) {
            carry += Byte.toUnsignedInt(total[i]) + Byte.toUnsignedInt(digest[i]);
            total[i] = (byte) carry;
            carry >>>= Byte.SIZE;
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

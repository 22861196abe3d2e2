// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.undump.cache.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The entry of a Bazel cache for one image: message ActionResult of build/bazel/remote/execution/v2/remote_execution.proto, of
 * which the fields below are written, in tag order, and all others are passed over.
 *
 * @param object the compressed image in the content-addressable store
 * @param facts what stands in stdout_raw
 */
@SuppressWarnings("ArrayRecordComponent")
record ActionResult(CompressedObject object, byte[] facts) {

    private static final int OUTPUT_FILES = 2;
    private static final int EXIT_CODE = 4;
    private static final int STDOUT_RAW = 5;
    private static final int EXECUTION_METADATA = 9;

    private static final int OUTPUT_FILE_PATH = 1;
    private static final int OUTPUT_FILE_DIGEST = 2;
    private static final int OUTPUT_FILE_IS_EXECUTABLE = 4;

    private static final int DIGEST_HASH = 1;
    private static final int DIGEST_SIZE_BYTES = 2;

    private static final int METADATA_WORKER = 1;

    /** Of the one output file. */
    static final String IMAGE = "image";

    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    private interface Field {
        boolean read(int number, CodedInputStream in) throws IOException;
    }

    byte[] encode() {
        byte[] digest = message(out -> {
            out.writeString(DIGEST_HASH, object.digest().hex());
            out.writeInt64(DIGEST_SIZE_BYTES, object.sizeBytes());
        });
        byte[] file = message(out -> {
            out.writeString(OUTPUT_FILE_PATH, IMAGE);
            out.writeByteArray(OUTPUT_FILE_DIGEST, digest);
            out.writeBool(OUTPUT_FILE_IS_EXECUTABLE, true);
        });
        byte[] metadata = message(out -> out.writeString(METADATA_WORKER, "undump"));
        // The exit code 0 is what a missing field means, and is not written: proto3.
        return message(out -> {
            out.writeByteArray(OUTPUT_FILES, file);
            out.writeByteArray(STDOUT_RAW, facts);
            out.writeByteArray(EXECUTION_METADATA, metadata);
        });
    }

    /**
     * Reads a message.
     *
     * @throws IOException if it is no such message, or one of something else than an image; the message says which
     */
    static ActionResult decode(byte[] bytes) throws IOException {
        Reading reading = new Reading();
        each(bytes, reading::field);
        if (reading.exitCode != 0) {
            throw new IOException("its exit code is " + reading.exitCode);
        }
        if (reading.object == null) {
            throw new IOException("it names no output file \"" + IMAGE + '"');
        }
        return new ActionResult(reading.object, reading.facts);
    }

    private static final class Reading {

        private CompressedObject object;
        private byte[] facts = {};
        private int exitCode;

        private boolean field(int number, CodedInputStream in) throws IOException {
            switch (number) {
                case OUTPUT_FILES -> file(in.readByteArray());
                case EXIT_CODE -> exitCode = in.readInt32();
                case STDOUT_RAW -> facts = in.readByteArray();
                default -> {
                    return false;
                }
            }
            return true;
        }

        private void file(byte[] bytes) throws IOException {
            String[] path = {""};
            CompressedObject[] content = {null};
            each(bytes, (number, in) -> {
                switch (number) {
                    case OUTPUT_FILE_PATH -> path[0] = in.readString();
                    case OUTPUT_FILE_DIGEST -> content[0] = digest(in.readByteArray());
                    default -> {
                        return false;
                    }
                }
                return true;
            });
            if (path[0].equals(IMAGE)) {
                object = content[0];
            }
        }

        private static CompressedObject digest(byte[] bytes) throws IOException {
            String[] hash = {""};
            long[] size = {0};
            each(bytes, (number, in) -> {
                switch (number) {
                    case DIGEST_HASH -> hash[0] = in.readString();
                    case DIGEST_SIZE_BYTES -> size[0] = in.readInt64();
                    default -> {
                        return false;
                    }
                }
                return true;
            });
            try {
                return new CompressedObject(new Digest(hash[0]), size[0]);
            } catch (IllegalArgumentException e) {
                throw new IOException(e.getMessage(), e);
            }
        }
    }

    private static void each(byte[] bytes, Field field) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        for (int tag; (tag = in.readTag()) != 0; ) {
            if (!field.read(WireFormat.getTagFieldNumber(tag), in)) {
                in.skipField(tag);
            }
        }
    }

    private static byte[] message(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            fields.write(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("encoding in memory", e);
        }
        return bytes.toByteArray();
    }
}

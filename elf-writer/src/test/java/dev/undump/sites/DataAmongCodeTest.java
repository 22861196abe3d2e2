// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.MappingKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a compiler at run time puts between its code: bytes that look like a system call in it must stay what they are. */
class DataAmongCodeTest {

    private static final int BLOBS = 6000;
    private static final int SIZE = 256;

    @TempDir
    private Path folder;

    /** Kinds of data. */
    enum Data {
        RANDOM {
            @Override
            void fill(ByteBuffer blob, Random random) {
                random.nextBytes(blob.array());
            }
        },
        ADDRESSES {
            @Override
            void fill(ByteBuffer blob, Random random) {
                while (blob.hasRemaining()) {
                    blob.putLong(CodeSample.CODE + (random.nextInt(1 << 30) & -8));
                }
            }
        },
        SMALL_NUMBERS {
            @Override
            void fill(ByteBuffer blob, Random random) {
                while (blob.hasRemaining()) {
                    blob.putInt(random.nextInt(4) == 0 ? -1 : random.nextInt(6000));
                }
            }
        },
        RELOCATIONS {
            @Override
            void fill(ByteBuffer blob, Random random) {
                short[] kinds = {0x6400, 0x3410, (short) 0xc000, (short) 0xa000, (short) 0xf006, 0x1460};
                while (blob.hasRemaining()) {
                    blob.putShort((short) (kinds[random.nextInt(kinds.length)] + random.nextInt(64)));
                }
            }
        },
        COMPRESSED {
            @Override
            void fill(ByteBuffer blob, Random random) {
                while (blob.hasRemaining()) {
                    blob.put((byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(24)));
                }
            }
        },
        TEXT {
            @Override
            void fill(ByteBuffer blob, Random random) {
                while (blob.hasRemaining()) {
                    blob.put((byte) (random.nextInt(8) == 0 ? 0 : 'a' + random.nextInt(26)));
                }
            }
        };

        abstract void fill(ByteBuffer blob, Random random);
    }

    @ParameterizedTest
    @EnumSource(Data.class)
    void dataLikeACall_amongGeneratedCode_staysTheSame(Data data) {
        byte[] code = codeWith(data);

        CodeSample.Result result = new CodeSample(folder).code(code, MappingKind.ANONYMOUS, 0).rewrite(code);

        assertThat(result.patched()).isEqualTo(code);
    }

    /** A library without a table of functions: its text hardly has data, and few of its calls load a constant. */
    @ParameterizedTest
    @EnumSource(Data.class)
    void dataLikeACall_amongCodeOfAFile_isHardlyEverTakenForOne(Data data) {
        byte[] code = codeWith(data);

        CodeSample.Result result = new CodeSample(folder).code(code, MappingKind.PRIVATE_FILE, 0).rewrite(code);

        assertThat(result.module().rewritten() + result.module().dynamic()).isLessThanOrEqualTo(1);
    }

    private static byte[] codeWith(Data data) {
        Random random = new Random(data.ordinal());
        byte[] function = CodeSample.functions();
        ByteBuffer code = ByteBuffer.allocate(BLOBS * (SIZE + 64));
        for (int i = 0; i < BLOBS; i++) {
            ByteBuffer blob = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
            data.fill(blob, random);
            blob.putShort(random.nextInt(SIZE - 1), (short) 0x050f);
            code.put(blob.array()).put(function, 0, 64);
        }
        return code.array();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrameSectionTest {

    private static final long CODE = CodeSample.CODE;
    private static final int CODE_BYTES = 2 * CodeSample.PAGE;
    private static final long SEGMENT = CODE + CODE_BYTES;
    private static final int SECTION_AT = 0x120;
    private static final int ALIGN = 8;

    @TempDir
    private Path folder;

    private final ByteBuffer bytes = ByteBuffer.allocate(CodeSample.PAGE).order(ByteOrder.LITTLE_ENDIAN).position(SECTION_AT);

    @Test
    void recordsUpToTheEnd_areFound() throws Exception {
        int common = common("zR");
        function(common, CODE + 0x100, 0x20);
        function(common, CODE + 0x40, 0x33);
        bytes.putInt(0);

        assertThat(found()).containsExactly(new ByteRange(CODE + 0x40, CODE + 0x73), new ByteRange(CODE + 0x100, CODE + 0x120));
    }

    @Test
    void whatLooksLikeARecordInFrontOfThem_isPassed() throws Exception {
        bytes.putInt(20).putInt(0).put((byte) 1).put((byte) 'z').put((byte) 'Q');
        bytes.position(SECTION_AT + 64);
        int common = common("zR");
        function(common, CODE + 0x40, 0x33);
        bytes.putInt(0);

        assertThat(found()).hasSize(1);
    }

    @Test
    void functionOutsideOfTheCode_givesNothing() throws Exception {
        int common = common("zR");
        function(common, CODE + 0x40, 0x33);
        function(common, SEGMENT + 0x800, 0x20);
        bytes.putInt(0);

        assertThat(found()).isEmpty();
    }

    @Test
    void recordOfAnUnknownCommonOne_givesNothing() throws Exception {
        int common = common("zR");
        function(common, CODE + 0x40, 0x33);
        function(common - ALIGN, CODE + 0x80, 0x20);
        bytes.putInt(0);

        assertThat(found()).isEmpty();
    }

    @Test
    void recordsThatGoOnBehindTheSegment_giveNothing() throws Exception {
        int common = common("zR");
        function(common, CODE + 0x40, 0x33);
        bytes.putInt(CodeSample.PAGE);
        bytes.putInt(bytes.position() - common);
        bytes.putInt((int) (CODE + 0x80 - SEGMENT - bytes.position())).putInt(0x20);

        assertThat(found()).isEmpty();
    }

    @Test
    void commonRecordAlone_givesNothing() throws Exception {
        common("zR");
        bytes.putInt(0);

        assertThat(found()).isEmpty();
    }

    @Test
    void encodingThatIsNotUnderstood_givesNothing() throws Exception {
        int common = common("zX");
        function(common, CODE + 0x40, 0x33);
        bytes.putInt(0);

        assertThat(found()).isEmpty();
    }

    private int common(String augmentation) {
        int at = bytes.position();
        bytes.putInt(20).putInt(0).put((byte) 1);
        bytes.put((byte) augmentation.charAt(0)).put((byte) augmentation.charAt(1)).put((byte) 0);
        bytes.put((byte) 1).put((byte) 0x78).put((byte) 16).put((byte) 1).put((byte) 0x1b);
        bytes.position(at + 24);
        return at;
    }

    private void function(int common, long start, int size) {
        int at = bytes.position();
        bytes.putInt(20).putInt(at + Integer.BYTES - common);
        bytes.putInt((int) (start - (SEGMENT + at + ALIGN))).putInt(size);
        bytes.position(at + 24);
    }

    /** Returns the functions of what was found, by address. */
    private List<ByteRange> found() throws Exception {
        byte[] code = new byte[CODE_BYTES];
        Checkpoint checkpoint = new CodeSample(folder)
                .code(code, MappingKind.PRIVATE_FILE, 0)
                .mapping(CodeSample.mapping(SEGMENT, CodeSample.PAGE, MappingKind.PRIVATE_FILE, Mapping.READ, 0, "/usr/lib/libsample.so"))
                .bytes(SEGMENT, bytes.array())
                .rewrite(code)
                .checkpoint();
        List<ByteRange> functions = new ArrayList<>();
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            ByteRange segment = ByteRange.ofLength(SEGMENT, CodeSample.PAGE);
            Optional<FrameSection.Found> found =
                    FrameSection.find(memory, segment, List.of(ByteRange.ofLength(CODE, CODE_BYTES)));
            if (found.isPresent()) {
                FrameRecords records = new FrameRecords(memory);
                for (int at = 0; at < found.get().table().limit(); at += 2 * Integer.BYTES) {
                    long record = found.get().address() + found.get().table().getInt(at + Integer.BYTES);
                    functions.add(records.functionOf(record).orElseThrow());
                }
            }
        }
        return functions;
    }
}

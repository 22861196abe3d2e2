// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.undump.checkpoint.CheckpointReader.Progress;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever the bytes: a checkpoint that makes sense, or a {@link CheckpointException}.
 *
 * <p>The build replays the stored inputs. To search for new ones, one method at a time:
 *
 * <pre>JAZZER_FUZZ=1 mvn -pl elf-writer -am test -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dtest='CheckpointFuzzTest#readSummary_anyIndex_readsOrRefuses'</pre>
 */
class CheckpointFuzzTest {

    /** As in the stored input that all others grow from, the index of {@link CheckpointSamples#everything()}. */
    private static final long DATA_BYTES = new CheckpointSurgery(CheckpointSamples.everything().build())
            .headerLong(Header.DATA_SIZE);

    private static Path file;

    @BeforeAll
    static void createFile() throws IOException {
        file = Files.createTempFile("fuzz", ".dat");
    }

    @AfterAll
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    /** Almost always ends at a checksum; finds faults before that. */
    @FuzzTest(maxDuration = "3m")
    void verify_anyFile_readsOrRefuses(byte[] content) throws IOException {
        Files.write(file, content);
        try {
            CheckpointReader.verify(file, Progress.NONE);
        } catch (CheckpointException e) {
            assertThat(e.getMessage()).startsWith("verifying the checkpoint " + file + ": ");
        }
    }

    /** Builds a right header with right checksums around an index of any content. */
    @FuzzTest(maxDuration = "10m")
    void readSummary_anyIndex_readsOrRefuses(byte[] content) throws IOException {
        if (content.length < Integer.BYTES) {
            return;
        }
        byte[] summary = withHeader(content);
        Files.write(file, summary);
        try {
            Checkpoint checkpoint = CheckpointReader.readSummary(file, 0, summary.length);
            assertSound(checkpoint);
        } catch (CheckpointException e) {
            assertThat(e.kind()).as(e.getMessage()).isEqualTo(CheckpointException.Kind.DAMAGED);
        }
    }

    /** The first byte is the number of sections, the rest is the index. */
    private static byte[] withHeader(byte[] content) {
        int indexBytes = content.length - 1;
        ByteBuffer summary = ByteBuffer.allocate(Header.SIZE_BYTES + indexBytes).order(ByteOrder.LITTLE_ENDIAN);
        summary.put(Header.MAGIC, CheckpointLayout.MAGIC.getBytes(StandardCharsets.US_ASCII));
        summary.putInt(Header.VERSION, CheckpointLayout.VERSION);
        summary.putInt(Header.HEADER_SIZE, Header.SIZE_BYTES);
        summary.putLong(Header.TOTAL_SIZE, CheckpointLayout.PAGE_SIZE + DATA_BYTES + indexBytes);
        summary.putLong(Header.DATA_OFFSET, CheckpointLayout.PAGE_SIZE);
        summary.putLong(Header.DATA_SIZE, DATA_BYTES);
        summary.putLong(Header.INDEX_OFFSET, CheckpointLayout.PAGE_SIZE + DATA_BYTES);
        summary.putLong(Header.INDEX_SIZE, indexBytes);
        summary.putInt(Header.SECTION_COUNT, content[0] & 0xff);
        summary.putInt(Header.PAGE_SIZE, CheckpointLayout.PAGE_SIZE);
        summary.putInt(Header.ARCH, CheckpointLayout.ARCH_X86_64);
        summary.put(Header.SIZE_BYTES, content, 1, indexBytes);
        CheckpointBuilder.fixSummaryChecksums(summary.array());
        return summary.array();
    }

    /** What users of the reader rely on without asking. */
    private static void assertSound(Checkpoint checkpoint) {
        assertThat(checkpoint.leader().tid()).isEqualTo(checkpoint.process().ids().pid());
        checkpoint.descriptors().forEach(checkpoint::openFile);
        checkpoint.sockets().stream()
                .filter(socket -> socket.kind() == SocketKind.PAIRED)
                .forEach(socket -> assertThat(checkpoint.sockets().get(socket.peer()).kind()).isEqualTo(SocketKind.PAIRED));
        long end = 0;
        for (Mapping mapping : checkpoint.mappings()) {
            assertThat(mapping.range().start()).isGreaterThanOrEqualTo(end);
            end = mapping.range().end();
            for (Extent extent : mapping.extents()) {
                assertThat(mapping.range().contains(extent.range())).isTrue();
                assertThat(!extent.hasBytes() || checkpoint.header().data().contains(extent.fileRange())).isTrue();
            }
        }
    }
}

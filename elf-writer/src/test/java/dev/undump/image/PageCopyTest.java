// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.plan.DataPiece;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCopyTest {

    private static final int PAGE = 4096;
    private static final int DATA_START = 3 * PAGE;

    /** More than what is copied by one thread alone. */
    private static final int LARGE_BYTES = 40 << 20;

    @TempDir
    private Path folder;

    @Test
    void copy_piecesInAnyOrder_eachAtItsPlace() throws Exception {
        byte[] content = content(2000 * PAGE);
        List<DataPiece> pieces = new ArrayList<>();
        long dataOffset = 0;
        List<Integer> order = new ArrayList<>(Stream.iterate(0, page -> page + 1).limit(1000).toList());
        Collections.shuffle(order, new Random(3));
        for (int page : order) {
            pieces.add(new DataPiece(dataOffset, PAGE, (long) page * PAGE));
            dataOffset += 2 * PAGE;
        }
        pieces.add(new DataPiece(dataOffset, 1000L * PAGE, 1000L * PAGE));
        byte[] image = copy(content, pieces, WriteProgress.NONE);
        for (DataPiece piece : pieces) {
            assertSame(image, content, piece);
        }
    }

    @Test
    void copy_large_bySeveralThreadsAndFlushedMeanwhile() throws Exception {
        byte[] content = content(LARGE_BYTES);
        List<DataPiece> pieces = List.of(new DataPiece(0, LARGE_BYTES - 5, 0));
        List<Long> done = Collections.synchronizedList(new ArrayList<>());
        byte[] image = copy(content, pieces, (bytes, total) -> done.add(bytes));
        assertSame(image, content, pieces.get(0));
        assertThat(done).isSorted().endsWith(LARGE_BYTES - 5L);
    }

    @Test
    void copy_zerosForLong_becomeHoles() throws Exception {
        byte[] content = content(256 * PAGE);
        Arrays.fill(content, 64 * PAGE, 192 * PAGE, (byte) 0);
        content[100 * PAGE + 77] = 1;
        content[150 * PAGE] = 1;
        content[191 * PAGE] = 1;
        List<DataPiece> pieces = List.of(new DataPiece(0, content.length, 0));
        byte[] image = copy(content, pieces, WriteProgress.NONE);
        assertSame(image, content, pieces.get(0));
        long allocated = allocatedBytes(folder.resolve("image"));
        assertThat(allocated).isBetween(128L * PAGE, 190L * PAGE);
    }

    @Test
    void copy_shortGaps_becomeZerosAndLongOnesHoles() throws Exception {
        byte[] content = content(400 * PAGE);
        List<DataPiece> pieces = new ArrayList<>();
        for (int page = 0; page < 400; page++) {
            long dataOffset = page < 200 ? 2L * page * PAGE : (400L + 20L * (page - 200)) * PAGE;
            pieces.add(new DataPiece(dataOffset, PAGE, (long) page * PAGE));
        }
        byte[] image = copy(content, pieces, WriteProgress.NONE);
        for (DataPiece piece : pieces) {
            assertSame(image, content, piece);
            int end = DATA_START + (int) piece.dataEnd();
            assertThat(Arrays.mismatch(image, end, end + 3, new byte[3], 0, 3))
                    .isEqualTo(piece == pieces.get(399) ? 0 : -1);
        }
        assertThat(allocatedBytes(folder.resolve("image"))).isBetween(590L * PAGE, 640L * PAGE);
    }

    @Test
    void copy_pieceInsideTheGapOfOthers_isNotOverwritten() throws Exception {
        byte[] content = content(200 * PAGE);
        List<DataPiece> pieces = new ArrayList<>();
        for (int page = 0; page < 100; page++) {
            pieces.add(new DataPiece(2L * page * PAGE, PAGE, (100L + page) * PAGE));
        }
        // Written first in the file's order, last in the list's: as far from each other in time as can be.
        for (int page = 0; page < 99; page++) {
            pieces.add(0, new DataPiece((2L * page + 1) * PAGE, PAGE, (long) page * PAGE));
        }
        byte[] image = copy(content, pieces, WriteProgress.NONE);
        for (DataPiece piece : pieces) {
            assertSame(image, content, piece);
        }
    }

    @Test
    void copy_sourceTooShort_isSaidAndNothingStays() {
        byte[] content = content(LARGE_BYTES);
        List<DataPiece> pieces = List.of(new DataPiece(0, LARGE_BYTES + PAGE, 0));
        assertThatThrownBy(() -> copy(content, pieces, WriteProgress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ended at byte " + LARGE_BYTES);
        assertThat(folder.resolve("image")).doesNotExist();
    }

    @Test
    void close_whileCopying_noThreadGoesOn() throws Exception {
        byte[] content = content(LARGE_BYTES);
        Path source = Files.write(folder.resolve("source"), content);
        List<Long> done = Collections.synchronizedList(new ArrayList<>());
        try (FileChannel from = FileChannel.open(source, StandardOpenOption.READ);
                NewFile to = NewFile.create(folder.resolve("image"), LARGE_BYTES)) {
            PageCopy copy = new PageCopy(source, from, to, DATA_START, (bytes, total) -> done.add(bytes));
            copy.start(List.of(new DataPiece(0, LARGE_BYTES, 0)));
            copy.close();
        }
        int heard = done.size();
        assertThat(heard).isLessThan(LARGE_BYTES / BufferCopy.PORTION);
        assertThat(Thread.getAllStackTraces().keySet()).noneMatch(thread -> thread.getName().startsWith("page "));
    }

    @Test
    void take_neighboursInTheCheckpoint_comeTogether() {
        CopyQueue queue = new CopyQueue(List.of(
                new DataPiece(0, PAGE, 10 * PAGE),
                new DataPiece(8 * PAGE, 3 * PAGE, 11 * PAGE),
                new DataPiece(20 * PAGE, PAGE, 20 * PAGE)));
        assertThat(queue.take(3 * PAGE))
                .containsExactly(
                        new DataPiece(0, PAGE, 10 * PAGE), new DataPiece(8 * PAGE, 2 * PAGE, 11 * PAGE));
        assertThat(queue.take(3 * PAGE)).containsExactly(new DataPiece(10 * PAGE, PAGE, 13 * PAGE));
        assertThat(queue.take(3 * PAGE)).containsExactly(new DataPiece(20 * PAGE, PAGE, 20 * PAGE));
        assertThat(queue.take(3 * PAGE)).isEmpty();
    }

    private byte[] copy(byte[] content, List<DataPiece> pieces, WriteProgress progress) throws Exception {
        Path source = Files.write(folder.resolve("source"), content);
        Path image = folder.resolve("image");
        try (FileChannel from = FileChannel.open(source, StandardOpenOption.READ);
                NewFile to = NewFile.create(image, content.length);
                PageCopy copy = new PageCopy(source, from, to, DATA_START, progress)) {
            copy.start(pieces);
            copy.await();
            DataPiece last = pieces.get(pieces.size() - 1);
            to.write(ByteBuffer.wrap("end".getBytes(StandardCharsets.US_ASCII)), DATA_START + last.dataEnd());
            to.commit();
        }
        return Files.readAllBytes(image);
    }

    private static void assertSame(byte[] image, byte[] content, DataPiece piece) {
        int at = (int) (DATA_START + piece.dataOffset());
        int from = (int) piece.checkpointOffset();
        int length = (int) piece.lengthBytes();
        assertThat(Arrays.mismatch(image, at, at + length, content, from, from + length))
                .isEqualTo(-1);
    }

    private static long allocatedBytes(Path file) throws Exception {
        Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        return 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim());
    }

    private static byte[] content(int bytes) {
        byte[] content = new byte[bytes];
        new Random(1).nextBytes(content);
        return content;
    }
}

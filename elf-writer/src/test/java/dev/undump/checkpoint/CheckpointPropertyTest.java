// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What must hold for any records and any ranges. */
class CheckpointPropertyTest {

    private static final int PAGE = CheckpointLayout.PAGE_SIZE;

    private static Path file;

    @BeforeContainer
    static void createFile() throws IOException {
        file = Files.createTempFile("properties", ".dat");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    @Property(tries = 200)
    void read_anyThread_returnsIt(@ForAll("threads") CheckpointThread thread) throws IOException {
        new CheckpointBuilder().thread(CheckpointSamples.thread(1000)).thread(thread).write(file);

        assertThat(CheckpointReader.read(file).threads().get(1)).isEqualTo(thread);
    }

    @Property(tries = 200)
    void read_anyText_returnsItsBytes(@ForAll byte[] text) throws IOException {
        NativeText word = NativeText.copyOf(text);
        new CheckpointBuilder().allowance(word).write(file);

        assertThat(CheckpointReader.read(file).allowances()).containsExactly(word);
    }

    /** Pages are written in random places of one mapping; memory must read like an array. */
    @Property(tries = 100)
    void memory_anyExtents_readsLikeAnArray(@ForAll("pages") List<Byte> pages, @ForAll("positions") int start,
            @ForAll("positions") int end) throws IOException {
        byte[] expected = new byte[pages.size() * PAGE];
        long base = 0x10000000L;
        int flags = Mapping.READ | Mapping.WRITE;
        CheckpointBuilder builder = new CheckpointBuilder()
                .mapping(CheckpointSamples.mapping(base, pages.size(), MappingKind.ANONYMOUS, flags, 0, ""));
        for (int i = 0; i < pages.size(); i++) {
            byte[] page = CheckpointSamples.filled(PAGE, pages.get(i));
            System.arraycopy(page, 0, expected, i * PAGE, PAGE);
            if (pages.get(i) != 0) {
                builder.bytes(base + i * PAGE, ExtentKind.PRIVATE, page);
            }
        }
        builder.write(file);
        int from = Math.min(start, expected.length);
        int to = Math.min(Math.max(from, end), expected.length);

        try (CheckpointMemory memory = CheckpointMemory.open(CheckpointReader.read(file))) {
            assertThat(memory.read(base + from, to - from)).contains(ByteBuffer.wrap(expected, from, to - from));
            assertThat(memory.read(base + from, expected.length - from + 1)).isEmpty();
        }
    }

    @Property
    void overlaps_anyRanges_agreesWithCountingBytes(@ForAll("ranges") List<ByteRange> ranges) {
        BitSet seen = new BitSet();
        boolean expected = false;
        for (ByteRange range : ranges) {
            for (long at = range.start(); at < range.end(); at++) {
                expected |= seen.get((int) at);
                seen.set((int) at);
            }
        }

        assertThat(Overlaps.exist(ranges)).isEqualTo(expected);
    }

    @Provide
    static Arbitrary<List<ByteRange>> ranges() {
        Arbitrary<Integer> starts = Arbitraries.integers().between(0, 60);
        Arbitrary<Integer> lengths = Arbitraries.integers().between(0, 8);
        return Combinators.combine(starts, lengths).as((start, length) -> ByteRange.ofLength(start, length)).list().ofMaxSize(8);
    }

    @Provide
    static Arbitrary<List<Byte>> pages() {
        return Arbitraries.of((byte) 0, (byte) 0, (byte) 1, (byte) 2).list().ofMinSize(1).ofMaxSize(12);
    }

    @Provide
    static Arbitrary<Integer> positions() {
        return Arbitraries.integers().between(0, 12 * PAGE);
    }

    @Provide
    static Arbitrary<CheckpointThread> threads() {
        Arbitrary<Long> words = Arbitraries.longs();
        Arbitrary<Integer> tids = Arbitraries.integers().between(1001, Integer.MAX_VALUE);
        Arbitrary<String> names = Arbitraries.strings().ascii().excludeChars('\0').ofMaxLength(15);
        return Combinators.combine(tids, words.list().ofSize(40), names)
                .as((tid, numbers, name) -> thread(tid, new ArrayList<>(numbers), name));
    }

    private static CheckpointThread thread(int tid, List<Long> n, String name) {
        Registers registers = new Registers(
                n.get(0), n.get(1), n.get(2), n.get(3), n.get(4), n.get(5), n.get(6), n.get(7), n.get(8), n.get(9), n.get(10),
                n.get(11), n.get(12), n.get(13), n.get(14), n.get(15), n.get(16), n.get(17), n.get(18), n.get(19), n.get(20),
                n.get(21), n.get(22), n.get(23), n.get(24), n.get(25), n.get(26));
        return ThreadSample.of(tid)
                .registers(registers)
                .signalMask(n.get(27))
                .alternateStack(new AlternateStack(n.get(28), n.get(29), n.get(30).intValue()))
                .robustList(new RobustList(n.get(31), n.get(32)))
                .rseq(new RseqRegistration(n.get(33), n.get(34).intValue(), n.get(35).intValue()))
                .clearChildTid(n.get(36))
                .name(name)
                .build();
    }
}

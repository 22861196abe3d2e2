// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Writes the islands: for each group of detours that lie together one, with the stub's address at its end. */
final class Islands {

    /** So that an island beside the group still is within a far jump's reach of all of it. */
    private static final long WIDEST_GROUP = 1L << 30;

    private static final byte INT3 = (byte) 0xcc;

    /** Padding that holds far jumps, all else in it a trap. */
    private static final class Gap {
        final ByteRange range;
        final ByteBuffer bytes;

        Gap(ByteRange range) {
            this.range = range;
            this.bytes = ByteBuffer.allocate(Math.toIntExact(range.lengthBytes()));
            Arrays.fill(bytes.array(), INT3);
        }
    }

    /** A detour and who counts it. */
    record Entry(Detour detour, Tally tally) {}

    private final IslandPlaces places;
    private final long interceptEntry;
    private final List<Island> islands = new ArrayList<>();
    private final List<CodePatch> patches = new ArrayList<>();
    private final Map<Long, Long> moved = new HashMap<>();
    private final TreeMap<Long, Gap> gaps = new TreeMap<>();

    Islands(IslandPlaces places, long interceptEntry) {
        this.places = places;
        this.interceptEntry = interceptEntry;
    }

    /**
     * Writes all islands and the jumps to them.
     *
     * @param entries by address
     */
    void write(List<Entry> entries) {
        int first = 0;
        for (int next = 1; next <= entries.size(); next++) {
            boolean ends = next == entries.size()
                    || entries.get(next).detour().call().end() - entries.get(first).detour().call().address() > WIDEST_GROUP;
            if (ends) {
                writeGroup(entries.subList(first, next));
                first = next;
            }
        }
        for (Gap gap : gaps.values()) {
            patches.add(new CodePatch(gap.range.start(), Bytes.copyOf(gap.bytes.array())));
        }
    }

    List<Island> islands() {
        return islands;
    }

    List<CodePatch> patches() {
        return patches;
    }

    Map<Long, Long> moved() {
        return moved;
    }

    private void writeGroup(List<Entry> group) {
        long used = Long.BYTES;
        for (Entry entry : group) {
            used += Stub.sizeOf(entry.detour());
        }
        long size = (used + Island.PAGE - 1) / Island.PAGE * Island.PAGE;
        long start = group.get(0).detour().covered().start();
        ByteRange code = new ByteRange(start, group.get(group.size() - 1).detour().call().end());
        Optional<Long> place = places.find(code, size);
        if (place.isEmpty()) {
            for (Entry entry : group) {
                uncovered(entry, "there is no free address space within 2 GiB");
            }
            return;
        }
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
        while (content.position() < size - Long.BYTES) {
            content.put(INT3);
        }
        content.putLong(interceptEntry).rewind();
        for (Entry entry : group) {
            write(entry, content, place.get());
        }
        islands.add(new Island(place.get(), Bytes.copyOf(content.array())));
    }

    private void write(Entry entry, ByteBuffer content, long place) {
        Detour detour = entry.detour();
        long at = place + content.position();
        try {
            Stub stub = Stub.write(detour, at, place + content.capacity() - Long.BYTES);
            content.put(stub.bytes());
            moved.putAll(stub.moved());
        } catch (Stub.TooFarException e) {
            uncovered(entry, "an operand of it is out of reach");
            return;
        }
        byte[] jump = ByteBuffer.allocate(Detour.FAR_JUMP)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0xe9)
                .putInt(Math.toIntExact(at - (detour.farJump() + Detour.FAR_JUMP)))
                .array();
        if (detour.hop().isEmpty()) {
            overwrite(detour, jump);
        } else {
            long hop = detour.hop().start() - detour.call().end();
            patches.add(new CodePatch(detour.call().address(), Bytes.copyOf(new byte[] {(byte) 0xeb, (byte) hop})));
            Gap gap = gaps.computeIfAbsent(detour.gap().start(), unused -> new Gap(detour.gap()));
            gap.bytes.put(Math.toIntExact(detour.hop().start() - detour.gap().start()), jump);
        }
        entry.tally().rewritten(detour);
    }

    /** What is jumped over becomes traps: a later capture decodes this again, and must not lose its way in half instructions. */
    private void overwrite(Detour detour, byte[] jump) {
        long end = detour.keepsCall() ? detour.call().address() : detour.back();
        byte[] bytes = new byte[Math.toIntExact(end - detour.farJump())];
        Arrays.fill(bytes, INT3);
        System.arraycopy(jump, 0, bytes, 0, jump.length);
        patches.add(new CodePatch(detour.farJump(), Bytes.copyOf(bytes)));
    }

    private static void uncovered(Entry entry, String reason) {
        entry.tally().uncovered(entry.detour().call().address(), reason);
    }
}

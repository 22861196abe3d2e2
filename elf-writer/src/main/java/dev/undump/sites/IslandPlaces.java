// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds address space for islands: within a far jump's reach, free, and away from whatever grows.
 *
 * <p>Below the code comes first: brk grows upwards from programs, stacks grow downwards to what they were given. The distance to
 * the mappings above keeps the gap usable for what the program maps next to them.
 */
final class IslandPlaces {

    private static final long PAGE = Island.PAGE;
    private static final long MIB = 1 << 20;
    /** A little less than a far jump's reach, for instructions on both sides. */
    private static final long REACH = (2L << 30) - 16 * MIB;
    private static final long HEAP_ROOM = 64L << 30;
    private static final long LOWEST = 64 << 10;
    private static final long BELOW_OTHERS = 4 * MIB;
    private static final long ABOVE_OTHERS = MIB;

    private final List<ByteRange> taken = new ArrayList<>();

    IslandPlaces(Checkpoint checkpoint, List<ByteRange> occupied) {
        taken.addAll(occupied);
        long heapStart = checkpoint.process().marks().startBrk();
        long heapEnd = checkpoint.process().marks().brk();
        if (heapEnd != 0) {
            taken.add(new ByteRange(Math.min(heapStart, heapEnd), heapEnd + HEAP_ROOM));
        }
    }

    /**
     * Returns an address that all of some code reaches, and takes it.
     *
     * @param code from the first to the last site
     * @param size bytes, whole pages
     */
    Optional<Long> find(ByteRange code, long size) {
        Optional<Long> place = search(code, size, BELOW_OTHERS, ABOVE_OTHERS);
        if (place.isEmpty()) {
            // A program at a fixed low address has only little room below.
            place = search(code, size, PAGE, 0);
        }
        place.ifPresent(address -> taken.add(ByteRange.ofLength(address, size)));
        return place;
    }

    private Optional<Long> search(ByteRange code, long size, long below, long above) {
        long lowest = Math.max(LOWEST, code.end() - REACH);
        long highest = Math.min(code.start() + REACH, Long.MAX_VALUE / 2) - size;
        Optional<Long> down = downwards(code.start() - below - size, lowest, size, below, above);
        return down.isPresent() ? down : upwards(code.end() + above, highest, size, below, above);
    }

    private Optional<Long> downwards(long from, long lowest, long size, long below, long above) {
        long address = from / PAGE * PAGE;
        while (address >= lowest) {
            Optional<ByteRange> hit = hit(address, size, below, above);
            if (hit.isEmpty()) {
                return Optional.of(address);
            }
            address = (hit.get().start() - below - size) / PAGE * PAGE;
        }
        return Optional.empty();
    }

    private Optional<Long> upwards(long from, long highest, long size, long below, long above) {
        long address = (from + PAGE - 1) / PAGE * PAGE;
        while (address <= highest) {
            Optional<ByteRange> hit = hit(address, size, below, above);
            if (hit.isEmpty()) {
                return Optional.of(address);
            }
            address = (hit.get().end() + above + PAGE - 1) / PAGE * PAGE;
        }
        return Optional.empty();
    }

    private Optional<ByteRange> hit(long address, long size, long below, long above) {
        ByteRange wanted = new ByteRange(Math.max(0, address - above), address + size + below);
        return taken.stream().filter(wanted::overlaps).findFirst();
    }
}

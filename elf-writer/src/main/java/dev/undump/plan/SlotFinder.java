// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.nativestub.ImageLayout;
import java.util.List;

/**
 * Finds the address space that the stub lives in: nothing of the program may be there, and nothing that the kernel puts
 * into a new process before the stub runs.
 */
final class SlotFinder {

    private static final long GIB = 1L << 30;
    private static final long STEP = 4 * GIB;
    /** Room that the heap may still grow into. */
    private static final long HEAP_ROOM = 64 * GIB;
    /** Below, mmap_min_addr and the habits of old programs. */
    private static final long LOWEST = GIB;

    private final List<ByteRange> occupied;
    private final ByteRange heapRoom;

    SlotFinder(List<ByteRange> occupied, Checkpoint checkpoint) {
        this.occupied = occupied;
        long brk = checkpoint.process().marks().brk();
        this.heapRoom = brk == 0 ? new ByteRange(0, 0) : ByteRange.ofLength(brk, HEAP_ROOM);
    }

    /**
     * Returns the slot's address: the highest with a free GiB below and above, or else the highest that is free at all.
     *
     * @throws PlanException if the program fills all address space below the limit
     */
    long find() throws PlanException {
        for (long slot = ImageLayout.SLOT_LIMIT - STEP; slot >= STEP; slot -= STEP) {
            if (isFree(new ByteRange(slot - GIB, slot + 2 * GIB))) {
                return slot;
            }
        }
        for (long slot = ImageLayout.SLOT_LIMIT - ImageLayout.SLOT_SIZE; slot >= LOWEST; slot -= GIB) {
            if (isFree(ByteRange.ofLength(slot, ImageLayout.SLOT_SIZE))) {
                return slot;
            }
        }
        throw new PlanException("the restore stub needs 1 GiB of free address space below "
                + ByteRange.format(ImageLayout.SLOT_LIMIT)
                + ", but the program has mapped all of it (address sanitizers do): capture a build without one");
    }

    private boolean isFree(ByteRange range) {
        return !heapRoom.overlaps(range) && occupied.stream().noneMatch(range::overlaps);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Which instructions are jumped to. Near jumps are known from decoded blocks. Far ones may come from anywhere in the module, as
 * parts of one function lie far apart: every byte that could start a far jump or call counts as one.
 */
final class Labels {

    private static final int PIECE = 256 << 10;
    private static final int GRAIN_BITS = 6;
    private static final int LONGEST = 6;

    private final BitSet interesting = new BitSet();
    private final long base;
    /** Jumps as target and end, both as 32-bit distances from the base; sorted and without doubles when all are found. */
    private long[] jumps = new long[1024];
    private int count;
    /** Targets of far calls near the blocks, sorted when all are found. */
    private long[] called = new long[1024];
    private int calledCount;

    Labels(Module module) {
        this.base = module.code().get(0).start();
    }

    /** Takes in a block's jumps, and looks for far jumps to it from now on. */
    void add(CodeBlock block) {
        for (Instruction instruction : block.instructions()) {
            if (instruction.isDirectJump()) {
                add(instruction.target(), instruction.end());
            }
        }
        block.tables().forEach((index, table) -> {
            long end = block.instructions().get(index).end();
            table.targets().forEach(target -> add(target, end));
        });
        long last = Math.max(block.range().end(), block.decodedEnd());
        interesting.set(grain(block.range().start()), grain(last) + 1);
    }

    /** Takes in a jump that may be none. */
    void add(NearJumps.Jump jump) {
        add(jump.target(), jump.end());
    }

    /** Looks for far jumps to one address from now on. */
    void add(long address) {
        interesting.set(grain(address));
    }

    /** Finds far jumps to the blocks and addresses added; from now on the questions below have answers. */
    void findFarJumps(CodeBytes code, Module module) throws IOException {
        for (ByteRange range : code.runs()) {
            for (ByteRange part : module.code()) {
                long from = Math.max(range.start(), part.start());
                long to = Math.min(range.end(), part.end());
                for (long start = from; start < to; start += PIECE) {
                    scan(code.read(new ByteRange(start, Math.min(to, start + PIECE + LONGEST - 1))), start);
                }
            }
        }
        Arrays.sort(jumps, 0, count);
        Arrays.sort(called, 0, calledCount);
    }

    /** Returns whether an address is called, so that a function starts there. */
    boolean isCalled(long address) {
        return Arrays.binarySearch(called, 0, calledCount, address) >= 0;
    }

    /** Returns where jumps to an address end (their own last byte plus one), ascending; one may be there twice. */
    long[] sourcesOf(long address) {
        int first = firstFrom(address);
        int next = first;
        while (next < count && target(next) == address) {
            next++;
        }
        long[] ends = new long[next - first];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = base + (int) jumps[first + i];
        }
        return ends;
    }

    boolean isTarget(long address) {
        return isTargetIn(address, address + 1);
    }

    /** Returns whether there is a jump to any byte of a range. */
    boolean isTargetIn(long start, long end) {
        int first = firstFrom(start);
        return first < count && target(first) < end;
    }

    private int firstFrom(long address) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (target(middle) < address) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private long target(int index) {
        return base + (jumps[index] >> Integer.SIZE);
    }

    private void scan(byte[] bytes, long start) {
        int last = bytes.length - 5;
        for (int i = 0; i <= last; i++) {
            byte first = bytes[i];
            if (first == (byte) 0xe9 || first == (byte) 0xe8) {
                far(bytes, i + 1, start, first == (byte) 0xe8);
            } else if (first == 0x0f && (bytes[i + 1] & 0xf0) == 0x80 && i < last) {
                far(bytes, i + 2, start, false);
            }
        }
    }

    private void far(byte[] bytes, int at, long start, boolean call) {
        int distance = (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
        long end = start + at + 4;
        long target = end + distance;
        long offset = target - base;
        if (offset >= 0 && offset >> GRAIN_BITS < Integer.MAX_VALUE && interesting.get(grain(target))) {
            add(target, end);
            if (call) {
                if (calledCount == called.length) {
                    called = Arrays.copyOf(called, 2 * calledCount);
                }
                called[calledCount++] = target;
            }
        }
    }

    private void add(long target, long end) {
        long to = target - base;
        long from = end - base;
        // Outside of the module is nothing that is asked for.
        if (to == (int) to && from == (int) from) {
            if (count == jumps.length) {
                jumps = Arrays.copyOf(jumps, 2 * count);
            }
            jumps[count++] = to << Integer.SIZE | (from & 0xffffffffL);
        }
    }

    private int grain(long address) {
        return (int) (Math.max(0, address - base) >> GRAIN_BITS);
    }
}

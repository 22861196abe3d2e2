// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.Rlimit;

/**
 * How far down the main stack is mapped.
 *
 * <p>A kernel keeps the space below a program's own stack free, because it places mappings relative to the stack limit at
 * exec. In the launched process it places them relative to another stack, so they may land right below this one: what the
 * stack may ever need is mapped at once, without reservation.
 */
final class StackGrowth {

    private static final int RLIMIT_STACK = 3;
    private static final long UNLIMITED_STACK = 64L << 20;
    private static final long GAP = 1 << 20;
    private static final long PAGE = 4096;

    private StackGrowth() {}

    static ByteRange of(Mapping stack, Checkpoint checkpoint) {
        long limit = checkpoint.process().rlimits().get(RLIMIT_STACK).soft();
        long wanted = limit == Rlimit.UNLIMITED || limit < 0 ? UNLIMITED_STACK : limit;
        long floor = GAP;
        for (Mapping mapping : checkpoint.mappings()) {
            if (mapping.range().end() <= stack.range().start()) {
                floor = Math.max(floor, mapping.range().end() + GAP);
            }
        }
        long start = Math.max(floor, stack.range().end() - Math.min(wanted, stack.range().end()));
        start = Math.min((start + PAGE - 1) / PAGE * PAGE, stack.range().start());
        return new ByteRange(start, stack.range().end());
    }
}

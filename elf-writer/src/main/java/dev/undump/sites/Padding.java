// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds bytes that fill gaps between pieces of code and are never executed: nothing falls into them, because the instruction in
 * front does not go on, and nothing jumps to them.
 */
final class Padding {

    /** A far jump. */
    static final int NEEDED = 5;

    private static final int LONGEST_GAP = 64;
    private static final int ALIGNMENT = 16;
    private static final int INT3 = 0xcc;

    private final CodeBytes code;
    private final Labels labels;

    Padding(CodeBytes code, Labels labels) {
        this.code = code;
        this.labels = labels;
    }

    /**
     * Returns the padding inside of and behind a block that is long enough, by address.
     *
     * @param next where the next function starts, when the block is a function
     */
    List<ByteRange> of(CodeBlock block, long next) throws IOException {
        List<ByteRange> found = new ArrayList<>();
        List<Instruction> instructions = block.instructions();
        // Inside of a function with a jump table, labels are not known; without unwind tables, gaps are between functions.
        boolean known = !block.isFunction() || !block.hasTableJump(0, labels);
        for (int i = 1; known && i < instructions.size(); i++) {
            boolean first = instructions.get(i).isPadding() && !instructions.get(i - 1).isPadding();
            if (first && !instructions.get(i - 1).fallsThrough()) {
                addRun(found, instructions, i, block.isFunction() ? Long.MAX_VALUE : firstPossibleStart(instructions.get(i)));
            }
        }
        if (block.isFunction() && block.decodedEnd() == block.range().end() && !instructions.isEmpty()) {
            Instruction last = instructions.get(instructions.size() - 1);
            if (!last.fallsThrough() && !last.isPadding() && code.runAt(last.end()).isPresent()) {
                ByteRange gap = ByteRange.ofLength(last.end(), LONGEST_GAP);
                CodeBlock behind = CodeBlock.decode(code.decoder(gap), gap, false);
                if (!behind.instructions().isEmpty() && behind.instructions().get(0).isPadding()) {
                    addRun(found, behind.instructions(), 0, limitOfGap(behind.instructions(), next));
                }
            }
        }
        return found;
    }

    /** Only where padding goes on up to the next function that is listed, none that is not can begin in between. */
    private static long limitOfGap(List<Instruction> gap, long next) {
        for (Instruction instruction : gap) {
            if (instruction.end() >= next) {
                return next;
            }
            if (!instruction.isPadding()) {
                break;
            }
        }
        return Math.min(next, firstPossibleStart(gap.get(0)));
    }

    /** Some functions begin with nops, for patching. Without tables only alignment tells where one may begin. */
    private static long firstPossibleStart(Instruction padding) {
        boolean trap = padding.opcode() == INT3;
        return trap ? Long.MAX_VALUE : (padding.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private void addRun(List<ByteRange> found, List<Instruction> instructions, int first, long limit) {
        if (instructions.get(first).end() > limit) {
            return;
        }
        int last = first;
        while (last + 1 < instructions.size()
                && instructions.get(last + 1).isPadding()
                && instructions.get(last + 1).end() <= limit) {
            last++;
        }
        ByteRange run = new ByteRange(instructions.get(first).address(), instructions.get(last).end());
        if (run.lengthBytes() >= NEEDED && !labels.isTargetIn(run.start(), run.end())) {
            found.add(run);
        }
    }
}

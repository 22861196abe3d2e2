// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Instructions that follow each other in memory.
 *
 * @param range what was to be decoded; decoding ends early where there is no instruction
 * @param instructions without gaps, from the start of the range
 * @param isFunction whether the range is a function's as unwind tables tell it, or else a place where streams of
 *     instructions from many starts have come together
 * @param tables what is known of jumps through tables, by the index of the jump
 */
record CodeBlock(ByteRange range, List<Instruction> instructions, boolean isFunction, Map<Integer, JumpTable> tables) {

    CodeBlock {
        instructions = List.copyOf(instructions);
        tables = Map.copyOf(tables);
    }

    CodeBlock with(Map<Integer, JumpTable> known) {
        return new CodeBlock(range, instructions, isFunction, known);
    }

    static CodeBlock decode(InstructionDecoder decoder, ByteRange range, boolean isFunction) {
        List<Instruction> instructions = new ArrayList<>((int) Math.min(range.lengthBytes() / 4 + 8, 1 << 16));
        long address = range.start();
        while (address < range.end()) {
            Optional<Instruction> next = decoder.at(address);
            if (next.isEmpty()) {
                break;
            }
            instructions.add(next.get());
            address = next.get().end();
        }
        return new CodeBlock(range, instructions, isFunction, Map.of());
    }

    /** Returns where decoding ended. */
    long decodedEnd() {
        return instructions.isEmpty() ? range.start() : instructions.get(instructions.size() - 1).end();
    }

    /** Returns the index of the instruction that holds the byte at an address, -1 when none does. */
    int indexAt(long address) {
        int low = 0;
        int high = instructions.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Instruction candidate = instructions.get(middle);
            if (address < candidate.address()) {
                high = middle - 1;
            } else if (address >= candidate.end()) {
                low = middle + 1;
            } else {
                return middle;
            }
        }
        return -1;
    }

    /** Returns the index of the instruction that starts at an address, -1 when none does. */
    int indexOf(long address) {
        int index = indexAt(address);
        return index >= 0 && instructions.get(index).address() == address ? index : -1;
    }

    /**
     * Returns whether some jump in the function of an instruction goes where nobody knows, so that not all labels are known.
     *
     * <p>Without unwind tables, functions are taken to be separated by padding that nothing falls into, and to start where calls go.
     */
    boolean hasTableJump(int index, Labels labels) {
        for (int i = index; i < instructions.size() && (i == index || !startsFunction(i, labels)); i++) {
            if (goesAnywhere(i, labels)) {
                return true;
            }
        }
        for (int i = index; i > 0 && !startsFunction(i, labels); i--) {
            if (goesAnywhere(i - 1, labels)) {
                return true;
            }
        }
        return false;
    }

    private boolean goesAnywhere(int index, Labels labels) {
        Instruction in = instructions.get(index);
        JumpTable table = tables.get(index);
        return in.isComputedJump() && (table == null || labels.isTargetIn(table.start() + 1, in.end()));
    }

    private boolean startsFunction(int index, Labels labels) {
        if (isFunction || index == 0 || instructions.get(index - 1).fallsThrough()) {
            return false;
        }
        return instructions.get(index).isPadding() || labels.isCalled(instructions.get(index).address());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.OptionalInt;

/**
 * Tells a system call from data that happens to decode as one, by what stands around it.
 *
 * <p>Real ones have code around them, in which compilers use few kinds of instructions, and their number is put into rax in front
 * of them or where they are jumped to from. Measured over all libraries and programs of a Debian machine.
 */
final class CallShape {

    /** How many neighbours are looked at on each side. */
    private static final int NEIGHBOURS = 16;
    private static final int FURTHEST_NUMBER = 32;
    /** How much bytes that are no instruction count. */
    private static final int NO_INSTRUCTION = 2;
    /** Behind the last function stand zeros to the end of the page. */
    private static final int ZEROS_AT_END = 4;
    /** Real code hardly has one that is strange; a number right in front makes up for more. */
    private static final int MOST_STRANGE = 1;
    private static final int MOST_STRANGE_WITH_NUMBER = 3;
    private static final int HIGHEST_NUMBER = 1023;

    private CallShape() {}

    /** Returns whether an instruction that may be a system call is one, if streams of instructions agree on it. */
    static boolean isCall(CodeBlock block, int index) {
        int strange = strange(block, index);
        return strange <= MOST_STRANGE
                ? number(block, index) != Number.NONE
                : strange <= MOST_STRANGE_WITH_NUMBER && followsNumber(block, index);
    }

    /** Returns whether it may be one: only what fails here is data for sure. */
    static boolean mayBeCall(CodeBlock block, int index) {
        int strange = strange(block, index);
        return strange <= MOST_STRANGE
                || followsNumber(block, index)
                || (strange <= MOST_STRANGE_WITH_NUMBER && number(block, index) == Number.LOADED);
    }

    /** Whether a constant is put into eax directly in front. */
    private static boolean followsNumber(CodeBlock block, int index) {
        return numberInFront(block, index).isPresent();
    }

    /** Returns the number that is put into eax directly in front of a call. */
    static OptionalInt numberInFront(CodeBlock block, int index) {
        if (index == 0) {
            return OptionalInt.empty();
        }
        Instruction in = block.instructions().get(index - 1);
        boolean move = in.opcode() == 0xb8 && Opcodes.opcodeRegister(in) == Opcodes.RAX
                || in.opcode() == 0xc7 && in.modrm() == 0xc0 && (in.rex() & 1) == 0;
        boolean number = in.map() == Instruction.ONE_BYTE && move && in.immediate() >= 0 && in.immediate() <= HIGHEST_NUMBER;
        return number ? OptionalInt.of((int) in.immediate()) : OptionalInt.empty();
    }

    /** How the number gets into rax. */
    private enum Number {
        LOADED,
        /** Elsewhere: the code in front of the call is jumped to. */
        ELSEWHERE,
        /** The last instruction that writes rax computes something else. */
        NONE
    }

    private static Number number(CodeBlock block, int index) {
        for (int i = index - 1; i >= 0 && i >= index - FURTHEST_NUMBER; i--) {
            Instruction in = block.instructions().get(i);
            if (!in.fallsThrough()) {
                return Number.ELSEWHERE;
            }
            if ((Opcodes.writes(in) & 1) != 0) {
                return canLoadNumber(in) ? Number.LOADED : Number.NONE;
            }
        }
        return Number.ELSEWHERE;
    }

    private static boolean canLoadNumber(Instruction in) {
        if (in.map() == Instruction.TWO_BYTE) {
            return in.opcode() == 0xb6 || in.opcode() == 0xb7;
        }
        return in.map() == Instruction.ONE_BYTE && switch (in.opcode()) {
            case 0xb8, 0xc7, 0x89, 0x8b, 0x63, 0x58, 0x8d, 0xb0 -> true;
            case 0x31, 0x33, 0x29, 0x2b -> in.rmIsRegister() && in.rm() == in.reg();
            default -> false;
        };
    }

    private static int strange(CodeBlock block, int index) {
        int count = 0;
        for (int i = index - 1; i >= 0 && i >= index - NEIGHBOURS; i--) {
            Instruction in = block.instructions().get(i);
            if (isZeros(in)) {
                count += NO_INSTRUCTION;
                break;
            }
            count += in.strange() ? 1 : 0;
        }
        for (int i = index + 1; i <= index + NEIGHBOURS; i++) {
            if (i >= block.instructions().size()) {
                return block.decodedEnd() < block.range().end() ? count + NO_INSTRUCTION : count;
            }
            Instruction in = block.instructions().get(i);
            if (isZeros(in) && areZeros(block, i, Math.min(i + ZEROS_AT_END, block.instructions().size()))) {
                return count;
            }
            count += in.strange() || isZeros(in) ? 1 : 0;
        }
        return count;
    }

    private static boolean areZeros(CodeBlock block, int from, int to) {
        for (int i = from; i < to; i++) {
            if (!isZeros(block.instructions().get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isZeros(Instruction in) {
        return in.map() == Instruction.ONE_BYTE && in.opcode() == 0 && in.modrm() == 0 && in.length() == 2;
    }
}

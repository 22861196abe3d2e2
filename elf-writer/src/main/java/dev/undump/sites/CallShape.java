// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.List;

/**
 * Tells a system call from data that happens to decode as one, by what stands around it.
 *
 * <p>Real ones have code around them, in which compilers use few kinds of instructions, and their number is put into rax in front
 * of them or where they are jumped to from. Measured over all libraries and programs of a Debian machine.
 */
final class CallShape {

    /** How many neighbours are looked at on each side. */
    private static final int NEIGHBOURS = 16;
    /** How much bytes that are no instruction count. */
    private static final int NO_INSTRUCTION = 2;
    /** Behind the last function stand zeros to the end of the page. */
    private static final int ZEROS_AT_END = 4;
    /** Where there may be doubt; real code hardly has one that is strange, and a number right in front makes up for more. */
    private static final int MOST_STRANGE = 1;
    private static final int MOST_STRANGE_WITH_NUMBER = 3;
    private static final int HIGHEST_ERROR = 4095;
    /** Traps in front of a call of the stub's own. */
    private static final int ROOM_FOR_JUMP = 5;
    /** How far behind a call its result is looked at. */
    private static final int RESULT = 4;

    private CallShape() {}

    /** Returns whether an instruction that may be a system call is one, if streams of instructions agree on it. */
    static boolean isCall(CodeBlock block, int index) {
        if (isOurs(block, index)) {
            return true;
        }
        int strange = strange(block, index);
        NumberSource number = NumberSource.of(block, index);
        return strange == 0
                ? number == NumberSource.COMPUTED || (number == NumberSource.ELSEWHERE && isTreatedAsCall(block, index))
                : strange <= MOST_STRANGE_WITH_NUMBER && NumberSource.inFront(block, index).isPresent();
    }

    /**
     * Returns the same of memory where data stands among the code, as where a program generates it: a constant must be loaded in
     * front, for a rewriting of data destroys it, and one in some thousand pieces of data reads like code around a call.
     */
    static boolean isCertainCall(CodeBlock block, int index) {
        return strange(block, index) == 0 && NumberSource.isConstant(block, index);
    }

    /** Returns whether it may be one: only what fails here is data for sure. */
    static boolean mayBeCall(CodeBlock block, int index) {
        int strange = strange(block, index);
        return strange <= MOST_STRANGE
                || NumberSource.inFront(block, index).isPresent()
                || (strange <= MOST_STRANGE_WITH_NUMBER && NumberSource.of(block, index) == NumberSource.COMPUTED);
    }

    /** Whether the number is compared in front, or the result is compared with the errors behind or given to a function at once. */
    private static boolean isTreatedAsCall(CodeBlock block, int index) {
        List<Instruction> all = block.instructions();
        if (index + 2 < all.size() && copiesRax(all.get(index + 1)) && all.get(index + 2).flow() == Instruction.Flow.CALL) {
            return true;
        }
        for (int i = Math.max(0, index - NEIGHBOURS); i < index; i++) {
            if (comparesRax(all.get(i)) && all.get(i).immediate() >= 0 && all.get(i).immediate() <= NumberSource.HIGHEST) {
                return true;
            }
        }
        for (int i = index + 1; i <= index + RESULT && i < all.size(); i++) {
            if (comparesRax(all.get(i)) && all.get(i).immediate() < 0 && all.get(i).immediate() >= -HIGHEST_ERROR - 1) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether it is ours: a call on an island, one that was left behind a jump to an island, or undump_resume_call of an older stub,
     * which has room for a jump in front (start.S).
     */
    private static boolean isOurs(CodeBlock block, int index) {
        List<Instruction> all = block.instructions();
        boolean onIsland = index >= 2
                && all.get(index - 1).map() == Instruction.ONE_BYTE
                && all.get(index - 1).opcode() == 0xff
                && all.get(index - 1).modrm() == 0x25
                && all.get(index - 2).map() == Instruction.ONE_BYTE
                && all.get(index - 2).opcode() == 0x8d
                && all.get(index - 2).modrm() == 0x1d
                && all.get(index - 2).rex() == 0x4c;
        int jump = index - 1;
        while (jump > 0 && all.get(jump).opcode() == 0xcc && all.get(jump).map() == Instruction.ONE_BYTE) {
            jump--;
        }
        boolean isBehindJump = jump >= 0 && all.get(jump).opcode() == 0xe9 && all.get(jump).map() == Instruction.ONE_BYTE;
        boolean isResumedCall = index - 1 - jump >= ROOM_FOR_JUMP
                && index + 1 < all.size()
                && all.get(index + 1).opcode() == 0x8b
                && all.get(index + 1).modrm() == 0x7b;
        return onIsland || ((isBehindJump || isResumedCall) && strange(block, index) == 0);
    }

    private static boolean copiesRax(Instruction in) {
        return in.map() == Instruction.ONE_BYTE
                && in.opcode() == 0x89
                && in.rmIsRegister()
                && in.reg() == Opcodes.RAX
                && (in.rex() & 4) == 0;
    }

    private static boolean comparesRax(Instruction in) {
        boolean modrm = (in.opcode() == 0x81 || in.opcode() == 0x83) && in.modrm() == 0xf8 && (in.rex() & 1) == 0;
        return in.map() == Instruction.ONE_BYTE && (in.opcode() == 0x3d || modrm);
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

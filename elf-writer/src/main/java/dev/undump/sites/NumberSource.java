// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.OptionalInt;

/** How the number of a system call gets into rax. */
enum NumberSource {
    /** The last instruction that writes rax may be one that loads a number. */
    COMPUTED,
    /** The code in front of the call is jumped to. */
    ELSEWHERE,
    /** The last instruction that writes rax computes something else. */
    NONE;

    /** No kernel has more calls. */
    static final int HIGHEST = 1023;

    private static final int FURTHEST = 32;

    /** Returns it of the instruction at an index, which may be a call. */
    static NumberSource of(CodeBlock block, int index) {
        for (int i = index - 1; i >= 0 && i >= index - FURTHEST; i--) {
            Instruction in = block.instructions().get(i);
            if (!in.fallsThrough()) {
                return ELSEWHERE;
            }
            if ((Opcodes.writes(in) & 1) != 0) {
                return canLoadNumber(in) ? COMPUTED : NONE;
            }
        }
        return ELSEWHERE;
    }

    /** Returns the number that is put into eax directly in front of a call. */
    static OptionalInt inFront(CodeBlock block, int index) {
        if (index == 0) {
            return OptionalInt.empty();
        }
        Instruction in = block.instructions().get(index - 1);
        boolean move = in.opcode() == 0xb8 && Opcodes.opcodeRegister(in) == Opcodes.RAX
                || in.opcode() == 0xc7 && in.modrm() == 0xc0 && (in.rex() & 1) == 0;
        boolean number = in.map() == Instruction.ONE_BYTE && move && in.immediate() >= 0 && in.immediate() <= HIGHEST;
        return number ? OptionalInt.of((int) in.immediate()) : OptionalInt.empty();
    }

    /** Returns whether a constant is loaded somewhere in front of a call, and is still there at the call. */
    static boolean isConstant(CodeBlock block, int index) {
        for (int i = index; i > 0 && i > index - FURTHEST; i--) {
            Instruction before = block.instructions().get(i - 1);
            if (inFront(block, i).isPresent()) {
                return true;
            }
            if (!before.fallsThrough() || (Opcodes.writes(before) & 1) != 0) {
                return false;
            }
        }
        return false;
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
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.Optional;

/**
 * The memory operand of an instruction with a ModRM byte and no VEX prefix: base + index * scale + displacement.
 *
 * @param base register, -1 for none
 * @param index register, -1 for none
 * @param scale 1, 2, 4 or 8
 * @param displacement bytes; the absolute address when the operand is relative to the instruction
 */
record MemoryOperand(int base, int index, int scale, long displacement) {

    private static final int NONE = 4;

    /**
     * Decodes an operand.
     *
     * @param bytes of the instruction
     * @return empty for a register, for another address size, for another segment than ds, and for opcodes of larger maps
     */
    static Optional<MemoryOperand> of(Instruction in, byte[] bytes) {
        boolean plain = in.map() == Instruction.ONE_BYTE || in.map() == Instruction.TWO_BYTE;
        if (!plain || in.modrm() < 0 || in.rmIsRegister() || in.has(Instruction.ADDRESS_SIZE)) {
            return Optional.empty();
        }
        int at = 0;
        while (isPrefix(bytes[at])) {
            if (bytes[at] == 0x64 || bytes[at] == 0x65) {
                return Optional.empty();
            }
            at++;
        }
        at += in.map() == Instruction.TWO_BYTE ? 3 : 2;
        if (in.displacementAt() > 0) {
            return Optional.of(new MemoryOperand(-1, -1, 1, in.end() + word(bytes, in.displacementAt())));
        }
        int mod = in.modrm() >> 6;
        int base = in.rm();
        int index = -1;
        int scale = 1;
        if ((in.modrm() & 7) == NONE) {
            int sib = bytes[at++];
            index = (sib >> 3 & 7) | (in.rex() & 2) << 2;
            index = index == NONE ? -1 : index;
            scale = 1 << (sib >> 6 & 3);
            base = (sib & 7) == Opcodes.RBP && mod == 0 ? -1 : (sib & 7) | (in.rex() & 1) << 3;
        }
        long displacement = mod == 2 || base < 0 ? word(bytes, at) : mod == 1 ? bytes[at] : 0;
        return Optional.of(new MemoryOperand(base, index, scale, displacement));
    }

    /** Returns whether one of some registers, bit n for register n, takes part in the address. */
    boolean dependsOn(int registers) {
        return base >= 0 && (registers & 1 << base) != 0 || index >= 0 && (registers & 1 << index) != 0;
    }

    private static boolean isPrefix(byte value) {
        return switch (value & 0xff) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0xf0, 0xf2, 0xf3 -> true;
            default -> (value & 0xf0) == 0x40;
        };
    }

    private static int word(byte[] bytes, int at) {
        return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.sites.Instruction.Flow;
import java.util.Optional;

/**
 * Decodes 64-bit x86 code far enough to know lengths, jumps and operands; {@code objdump} is the judge of that in the tests.
 *
 * <p>Source: Intel SDM volume 2, appendix A, and AMD APM volume 3 for XOP.
 */
final class InstructionDecoder {

    static final int LONGEST = 15;

    /*
     * What follows an opcode. "-": nothing, "m": ModRM, "b": ModRM and imm8, "z": ModRM and imm32, "i": imm8, "I": imm32,
     * "v": imm32 or with REX.W imm64, "w": imm16, "e": imm16 and imm8, "a": absolute address, "j": rel8, "J": rel32,
     * "g": ModRM and with operation 0 or 1 imm8, "G": the same with imm32, "P": a prefix, "R": REX, "E": the two-byte table,
     * "V": EVEX, "X": three-byte VEX, "Y": two-byte VEX, "o": pop or XOP, "x": no instruction.
     */
    private static final char[] ONE_BYTE = ("mmmmiIxxmmmmiIxE" + "mmmmiIxxmmmmiIxx" + "mmmmiIPxmmmmiIPx" + "mmmmiIPxmmmmiIPx"
            + "RRRRRRRRRRRRRRRR" + "----------------" + "xxVmPPPPIzib----" + "jjjjjjjjjjjjjjjj"
            + "bzxbmmmmmmmmmmmo" + "----------x-----" + "aaaa----iI------" + "iiiiiiiivvvvvvvv"
            + "bbw-XYbze-w--ix-" + "mmmmxxx-mmmmmmmm" + "jjjjiiiiJJxj----" + "P-PP--gG------mm").toCharArray();

    private static final char[] TWO_BYTE = ("mmmmx-----x-xm-b" + "mmmmmmmmmmmmmmmm" + "mmmmxxxxmmmmmmmm" + "------x-mxbxxxxx"
            + "mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm" + "bbbbmmm-mmxxmmmm"
            + "JJJJJJJJJJJJJJJJ" + "mmmmmmmmmmmmmmmm" + "---mbmxx---mbmmm" + "mmmmmmmmmmbmmmmm"
            + "mmbmbbbm--------" + "mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm" + "mmmmmmmmmmmmmmmm").toCharArray();

    private static final int PREFIX_66 = 0x66;
    private static final int PREFIX_67 = 0x67;

    private final byte[] code;
    private final long base;
    private final int limit;

    private int at;
    private int prefixes;
    private int rex;
    private int displacementAt;
    private int start;

    /**
     * Makes a decoder of some bytes.
     *
     * @param code is not changed
     * @param base address of its first byte
     */
    InstructionDecoder(byte[] code, long base) {
        this.code = code;
        this.base = base;
        this.limit = code.length;
    }

    /** Returns the instruction that starts at an address; empty when there is none, or when it goes on behind the bytes. */
    Optional<Instruction> at(long address) {
        start = Math.toIntExact(address - base);
        at = start;
        prefixes = 0;
        rex = 0;
        displacementAt = 0;
        try {
            return Optional.ofNullable(decode());
        } catch (ArrayIndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private Instruction decode() {
        int opcode = next();
        char form = ONE_BYTE[opcode];
        while (form == 'P' || form == 'R') {
            if (form == 'P') {
                prefixes |= prefixBit(opcode);
                rex = 0; // Counts only directly in front of the opcode.
            } else {
                rex = opcode;
            }
            opcode = next();
            form = ONE_BYTE[opcode];
        }
        return switch (form) {
            case 'x' -> null;
            case 'E' -> escaped();
            case 'X' -> vex3();
            case 'Y' -> vex2();
            case 'V' -> evex();
            case 'o' -> (peek() & 0x1f) >= 8 ? xop() : operands(Instruction.ONE_BYTE, opcode, 'm');
            default -> operands(Instruction.ONE_BYTE, opcode, form);
        };
    }

    private Instruction escaped() {
        int opcode = next();
        if (opcode == 0x38) {
            return operands(Instruction.MAP_38, next(), 'm');
        }
        if (opcode == 0x3a) {
            return operands(Instruction.MAP_3A, next(), 'b');
        }
        return operands(Instruction.TWO_BYTE, opcode, TWO_BYTE[opcode]);
    }

    private Instruction vex2() {
        int payload = next();
        rex = (~payload & 0x80) >> 5;
        int opcode = next();
        return operands(Instruction.VEX + Instruction.TWO_BYTE, opcode, vexForm(Instruction.TWO_BYTE, opcode));
    }

    private Instruction vex3() {
        int first = next();
        int second = next();
        rex = (~first >> 5 & 7) | (second >> 7 & 1) << 3;
        int map = first & 0x1f;
        if (map < Instruction.TWO_BYTE || map > Instruction.MAP_3A) {
            return null;
        }
        int opcode = next();
        return operands(Instruction.VEX + map, opcode, vexForm(map, opcode));
    }

    private Instruction evex() {
        int first = next();
        int second = next();
        next();
        int map = first & 7;
        if ((first & 8) != 0 || (second & 4) == 0 || map == 0 || map == 4 || map == 7) {
            return null;
        }
        int opcode = next();
        return operands(Instruction.WIDE, opcode, map > Instruction.MAP_3A ? 'm' : vexForm(map, opcode));
    }

    private Instruction xop() {
        int first = next();
        next();
        int map = first & 0x1f;
        int opcode = next();
        return map > 10 ? null : operands(Instruction.WIDE, opcode, map == 8 ? 'b' : map == 9 ? 'm' : 'z');
    }

    private static char vexForm(int map, int opcode) {
        if (map == Instruction.MAP_38) {
            return 'm';
        }
        if (map == Instruction.MAP_3A) {
            return 'b';
        }
        char form = TWO_BYTE[opcode];
        return opcode >= 0x80 && opcode < 0xa0 || form == 'J' ? 'm' : form;
    }

    private Instruction operands(int map, int opcode, char form) {
        if (form == 'x') {
            return null;
        }
        boolean hasModrm = form == 'm' || form == 'b' || form == 'z' || form == 'g' || form == 'G';
        int modrm = -1;
        if (hasModrm) {
            modrm = next();
            memoryOperand(modrm);
        }
        boolean testing = hasModrm && (modrm & 0x30) == 0;
        int operandBytes = (prefixes & Instruction.OPERAND_SIZE) != 0 && (rex & 8) == 0 ? 2 : 4;
        long immediate = switch (form) {
            case 'b', 'i', 'j' -> signed(1);
            case 'z', 'I' -> signed(operandBytes);
            case 'v' -> signed((rex & 8) != 0 ? 8 : operandBytes);
            case 'w' -> signed(2);
            case 'e' -> signed(3);
            case 'a' -> signed((prefixes & Instruction.ADDRESS_SIZE) != 0 ? 4 : 8);
            case 'J' -> signed(4);
            case 'g' -> testing ? signed(1) : 0;
            case 'G' -> testing ? signed(operandBytes) : 0;
            default -> 0;
        };
        return finish(map, opcode, modrm, immediate);
    }

    private void memoryOperand(int modrm) {
        int mod = modrm >> 6;
        int rm = modrm & 7;
        if (mod == 3) {
            return;
        }
        if (rm == 4) {
            int sib = next();
            at += mod == 1 ? 1 : mod == 2 || (sib & 7) == 5 ? 4 : 0;
        } else if (mod == 0 && rm == 5) {
            displacementAt = at - start;
            at += 4;
        } else {
            at += mod == 1 ? 1 : mod == 2 ? 4 : 0;
        }
    }

    private Instruction finish(int map, int opcode, int modrm, long immediate) {
        int length = at - start;
        if (length > LONGEST || at > limit) {
            return null;
        }
        Flow flow = Opcodes.flow(map, opcode, modrm, immediate);
        if (flow == null) {
            return null;
        }
        long address = base + start;
        boolean direct = flow == Flow.JUMP || flow == Flow.BRANCH || flow == Flow.CALL;
        long target = direct ? address + length + immediate : 0;
        return new Instruction(address, length, map, opcode, modrm, prefixes, rex, immediate, displacementAt, flow, target);
    }

    private int next() {
        return code[at++] & 0xff;
    }

    private int peek() {
        return code[at] & 0xff;
    }

    private long signed(int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) next() << (8 * i);
        }
        int unused = Long.SIZE - 8 * bytes;
        return value << unused >> unused;
    }

    private static int prefixBit(int prefix) {
        return switch (prefix) {
            case PREFIX_66 -> Instruction.OPERAND_SIZE;
            case PREFIX_67 -> Instruction.ADDRESS_SIZE;
            case 0xf0 -> Instruction.LOCK;
            case 0xf2 -> Instruction.REPNE;
            case 0xf3 -> Instruction.REP;
            default -> Instruction.SEGMENT;
        };
    }
}

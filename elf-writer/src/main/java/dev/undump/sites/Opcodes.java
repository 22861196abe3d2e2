// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.sites.Instruction.Flow;

/** What opcodes do: where control goes, which general registers they write, whether compilers use them. */
final class Opcodes {

    static final int RAX = 0;
    static final int RCX = 1;
    static final int RDX = 2;
    static final int RSP = 4;
    static final int RBP = 5;
    static final int RSI = 6;
    static final int RDI = 7;
    /** All general registers, for what is not known. */
    static final int ALL = 0xffff;

    private static final int NONE = 0;
    /** rax, rcx, rdx, rsi, rdi, r8 to r11: psABI 3.2.1. */
    private static final int CALL_CLOBBERS = 0x0fc7;
    /** rax, rcx, r11. */
    private static final int SYSTEM_CALL_CLOBBERS = 0x0803;

    private Opcodes() {}

    /** Returns where control goes; null when such an instruction does not exist. */
    static Flow flow(int map, int opcode, int modrm, long immediate) {
        if (map == Instruction.ONE_BYTE) {
            return oneByteFlow(opcode, modrm, immediate);
        }
        if (map != Instruction.TWO_BYTE) {
            return Flow.NEXT;
        }
        if (opcode >= 0x80 && opcode <= 0x8f) {
            return Flow.BRANCH;
        }
        return switch (opcode) {
            case 0x05 -> Flow.SYSTEM_CALL;
            case 0x07, 0x35 -> Flow.RETURN;
            case 0x0b, 0x34, 0xb9, 0xff -> Flow.TRAP;
            default -> Flow.NEXT;
        };
    }

    private static Flow oneByteFlow(int opcode, int modrm, long immediate) {
        if ((opcode & 0xf0) == 0x70 || (opcode >= 0xe0 && opcode <= 0xe3)) {
            return Flow.BRANCH;
        }
        int operation = modrm >> 3 & 7;
        return switch (opcode) {
            case 0xeb, 0xe9 -> Flow.JUMP;
            case 0xe8 -> Flow.CALL;
            case 0xc2, 0xc3, 0xca, 0xcb, 0xcf -> Flow.RETURN;
            case 0xcc, 0xf4 -> Flow.TRAP;
            case 0xcd -> immediate == (byte) 0x80 ? Flow.OLD_SYSTEM_CALL : Flow.NEXT;
            case 0xc6 -> operation == 0 || modrm == 0xf8 ? Flow.NEXT : null;
            case 0xc7 -> operation == 0 ? Flow.NEXT : modrm == 0xf8 ? Flow.BRANCH : null;
            case 0x8f -> operation == 0 ? Flow.NEXT : null;
            case 0x8d -> modrm < 0xc0 ? Flow.NEXT : null;
            case 0xfe -> operation <= 1 ? Flow.NEXT : null;
            case 0xff -> switch (operation) {
                case 2, 3 -> Flow.INDIRECT_CALL;
                case 4, 5 -> Flow.INDIRECT_JUMP;
                case 7 -> null;
                default -> Flow.NEXT;
            };
            default -> Flow.NEXT;
        };
    }

    /** Returns whether compilers do not emit it, or hardly ever. */
    static boolean isStrange(int map, int opcode, int modrm, int prefixes) {
        if (map == Instruction.TWO_BYTE) {
            return opcode < 0x10 && opcode != 0x05 && opcode != 0x0b && opcode != 0x0d
                    || (opcode >= 0x20 && opcode <= 0x27)
                    || (opcode >= 0x30 && opcode <= 0x37 && opcode != 0x31)
                    || opcode == 0x78
                    || opcode == 0x79
                    || (opcode >= 0xa0 && opcode <= 0xa1)
                    || (opcode >= 0xa8 && opcode <= 0xaa)
                    || opcode == 0xb2
                    || opcode == 0xb4
                    || opcode == 0xb5
                    || opcode == 0xb9
                    || opcode == 0xff;
        }
        if (map != Instruction.ONE_BYTE) {
            return map == Instruction.WIDE && (prefixes & Instruction.SEGMENT) != 0;
        }
        if ((prefixes & Instruction.LOCK) != 0) {
            return !mayBeLocked(opcode, modrm);
        }
        return switch (opcode) {
            case 0x00, 0x02, 0x04, 0x10, 0x12, 0x14, 0x18, 0x1a, 0x1c, 0x2a -> modrm < 0xc0;
            case 0x6c, 0x6d, 0x6e, 0x6f, 0x8c, 0x8e, 0x8f, 0x9a, 0x9b, 0x9e, 0x9f -> true;
            case 0xa0, 0xa1, 0xa2, 0xa3, 0xa7, 0xac, 0xad, 0xaf -> true;
            case 0xb4, 0xb5, 0xb6, 0xb7, 0xc8, 0xca, 0xcb, 0xcd, 0xcf, 0xd7 -> true;
            case 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef -> true;
            case 0xf1, 0xf5, 0xf9, 0xfa, 0xfb, 0xfd -> true;
            case 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97 -> true;
            case 0xc0, 0xc1, 0xd0, 0xd1, 0xd2, 0xd3 -> (modrm >> 3 & 7) == 6 || (modrm >> 4 & 3) == 1;
            case 0xff -> (modrm >> 3 & 7) == 3 || (modrm >> 3 & 7) == 5;
            default -> false;
        };
    }

    private static boolean mayBeLocked(int opcode, int modrm) {
        boolean writesMemory = opcode < 0x38 && (opcode & 7) < 2
                || opcode == 0x80
                || opcode == 0x81
                || opcode == 0x83
                || opcode == 0x86
                || opcode == 0x87
                || opcode == 0xf6
                || opcode == 0xf7
                || opcode == 0xfe
                || opcode == 0xff;
        return writesMemory && modrm < 0xc0;
    }

    /** Returns which general registers an instruction may change, bit n for register n; {@link #ALL} when not known. */
    static int writes(Instruction instruction) {
        return switch (instruction.map()) {
            case Instruction.ONE_BYTE -> oneByteWrites(instruction);
            case Instruction.TWO_BYTE -> twoByteWrites(instruction);
            case Instruction.MAP_38 -> instruction.opcode() >= 0xf0 ? ALL : NONE;
            case Instruction.MAP_3A -> map3aWrites(instruction);
            case Instruction.VEX + Instruction.TWO_BYTE -> vexWrites(instruction);
            case Instruction.VEX + Instruction.MAP_38 -> instruction.opcode() >= 0xf0 ? ALL : NONE;
            case Instruction.VEX + Instruction.MAP_3A -> instruction.opcode() == 0xf0 ? ALL : map3aWrites(instruction);
            default -> ALL;
        };
    }

    private static int oneByteWrites(Instruction in) {
        int opcode = in.opcode();
        if (opcode < 0x40) {
            boolean compares = opcode >= 0x38;
            return compares ? NONE : switch (opcode & 7) {
                case 0, 1 -> rm(in);
                case 2, 3 -> reg(in);
                default -> bit(RAX);
            };
        }
        if (opcode >= 0x58 && opcode <= 0x5f) {
            return bit(opcodeRegister(in)) | bit(RSP);
        }
        if (opcode >= 0xb0 && opcode <= 0xb7) {
            return bytes(opcodeRegister(in));
        }
        if (opcode >= 0xb8 && opcode <= 0xbf) {
            return bit(opcodeRegister(in));
        }
        if (opcode >= 0x91 && opcode <= 0x97) {
            return bit(opcodeRegister(in)) | bit(RAX);
        }
        if ((opcode & 0xf0) == 0x70) {
            return NONE;
        }
        if (opcode >= 0x50 && opcode <= 0x57) {
            return bit(RSP);
        }
        return switch (opcode) {
            case 0x63, 0x69, 0x6b, 0x8a, 0x8b, 0x8d -> reg(in);
            case 0x68, 0x6a, 0x9c, 0x9d -> bit(RSP);
            case 0x80, 0x81, 0x83 -> in.operation() == 7 ? NONE : rm(in);
            case 0x84, 0x85, 0xa8, 0xa9, 0xa2, 0xa3, 0xeb, 0xe9, 0xcc, 0xf4, 0xf8, 0xf9, 0xfc -> NONE;
            case 0x86, 0x87 -> rm(in) | reg(in);
            case 0x88, 0x89, 0xc0, 0xc1, 0xd0, 0xd1, 0xd2, 0xd3, 0xc6, 0xc7 -> rm(in);
            case 0x90 -> (in.rex() & 1) == 0 ? NONE : ALL;
            case 0x98, 0xa0, 0xa1 -> bit(RAX);
            case 0x99 -> bit(RDX);
            case 0xa4, 0xa5 -> bit(RCX) | bit(RSI) | bit(RDI);
            case 0xaa, 0xab -> bit(RCX) | bit(RDI);
            case 0xc9 -> bit(RBP) | bit(RSP);
            case 0xd9, 0xdb, 0xdd -> NONE;
            case 0xe8 -> CALL_CLOBBERS;
            case 0xf6, 0xf7 -> in.operation() <= 1 ? NONE : in.operation() <= 3 ? rm(in) : bit(RAX) | bit(RDX);
            case 0xfe -> rm(in);
            case 0xff -> switch (in.operation()) {
                case 0, 1 -> rm(in);
                case 2 -> CALL_CLOBBERS;
                case 4 -> NONE;
                case 6 -> bit(RSP);
                default -> ALL;
            };
            default -> ALL;
        };
    }

    private static int twoByteWrites(Instruction in) {
        int opcode = in.opcode();
        if (opcode == 0x05) {
            return SYSTEM_CALL_CLOBBERS;
        }
        if (opcode == 0x1e || opcode == 0xae) {
            return in.has(Instruction.REP) ? rm(in) : NONE;
        }
        if (opcode >= 0x40 && opcode <= 0x4f) {
            return reg(in);
        }
        if (opcode >= 0x80 && opcode <= 0x8f) {
            return NONE;
        }
        if (opcode >= 0x90 && opcode <= 0x9f) {
            return rm(in);
        }
        if (opcode >= 0xc8 && opcode <= 0xcf) {
            return bit(opcodeRegister(in));
        }
        return switch (opcode) {
            case 0x0d, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1f, 0x0b, 0xa3, 0xc2, 0xc3, 0xc4, 0xc6 -> NONE;
            case 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x28, 0x29, 0x2a, 0x2b, 0x2e, 0x2f -> NONE;
            case 0x2c, 0x2d, 0x50, 0xaf, 0xb6, 0xb7, 0xb8, 0xbc, 0xbd, 0xbe, 0xbf, 0xc5, 0xd7 -> reg(in);
            case 0x31 -> bit(RAX) | bit(RDX);
            case 0x77, 0x7f -> NONE;
            case 0x7e -> rm(in);
            case 0xa4, 0xa5, 0xab, 0xac, 0xad, 0xb3, 0xbb -> rm(in);
            case 0xba -> in.operation() == 4 ? NONE : rm(in);
            case 0xb0, 0xb1 -> rm(in) | bit(RAX);
            case 0xc0, 0xc1 -> rm(in) | reg(in);
            case 0xff -> ALL;
            default -> (opcode >= 0x51 && opcode <= 0x76) || opcode >= 0xd0 ? NONE : ALL;
        };
    }

    private static int vexWrites(Instruction in) {
        int opcode = in.opcode();
        return switch (opcode) {
            case 0x2c, 0x2d, 0x50, 0xc5, 0xd7 -> reg(in);
            case 0x7e -> rm(in);
            default -> (opcode >= 0x78 && opcode <= 0x7b) || (opcode >= 0x90 && opcode <= 0x9f) ? ALL : NONE;
        };
    }

    private static int map3aWrites(Instruction in) {
        int opcode = in.opcode();
        return opcode >= 0x14 && opcode <= 0x17 ? rm(in) : opcode >= 0x60 && opcode <= 0x63 ? bit(RCX) : NONE;
    }

    /** The register that the low bits of an opcode name. */
    static int opcodeRegister(Instruction in) {
        return (in.opcode() & 7) | (in.rex() & 1) << 3;
    }

    private static int rm(Instruction in) {
        return in.rmIsRegister() ? written(in, in.rm()) : NONE;
    }

    private static int reg(Instruction in) {
        return written(in, in.reg());
    }

    private static int written(Instruction in, int register) {
        return hasByteOperands(in) ? bytes(register) : bit(register);
    }

    /** Whether registers are 8 bits wide, so that without REX 4 to 7 mean ah to bh. */
    private static boolean hasByteOperands(Instruction in) {
        int opcode = in.opcode();
        if (in.rex() != 0) {
            return false;
        }
        if (in.map() == Instruction.TWO_BYTE) {
            return (opcode & 0xf0) == 0x90 || opcode == 0xb0 || opcode == 0xc0;
        }
        boolean group = opcode < 0x40 || (opcode >= 0x80 && opcode <= 0x8b) || opcode >= 0xc0;
        return in.map() == Instruction.ONE_BYTE && group && (opcode & 1) == 0;
    }

    private static int bytes(int register) {
        return register >= 4 && register <= 7 ? bit(register) | bit(register - 4) : bit(register);
    }

    private static int bit(int register) {
        return 1 << register;
    }
}

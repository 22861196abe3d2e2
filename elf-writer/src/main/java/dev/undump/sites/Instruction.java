// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

/**
 * One decoded instruction, as far as the rewriter has to know it.
 *
 * @param address of its first byte, prefixes included
 * @param length bytes
 * @param map which opcode table, {@link #ONE_BYTE} to {@link #WIDE}
 * @param opcode in that table
 * @param modrm the ModRM byte, -1 when it has none
 * @param prefixes bits of {@link #OPERAND_SIZE} to {@link #SEGMENT}
 * @param rex the REX byte or what a VEX prefix says instead; 0 for none
 * @param immediate sign-extended; 0 when it has none
 * @param displacementAt bytes from its start to a displacement relative to its end, 0 when it has none
 * @param flow where control goes
 * @param target of a direct jump or call; 0 for others
 */
record Instruction(
        long address,
        int length,
        int map,
        int opcode,
        int modrm,
        int prefixes,
        int rex,
        long immediate,
        int displacementAt,
        Flow flow,
        long target) {

    static final int ONE_BYTE = 0;
    static final int TWO_BYTE = 1;
    static final int MAP_38 = 2;
    static final int MAP_3A = 3;
    /** VEX, by map; {@code VEX + TWO_BYTE} and so on. */
    static final int VEX = 4;
    /** EVEX and XOP. */
    static final int WIDE = 8;

    static final int OPERAND_SIZE = 1;
    static final int ADDRESS_SIZE = 2;
    static final int LOCK = 4;
    static final int REPNE = 8;
    static final int REP = 16;
    static final int SEGMENT = 32;

    /** Where control goes behind an instruction. */
    enum Flow {
        /** To the next one. */
        NEXT,
        /** To the target. */
        JUMP,
        /** To the target or the next one. */
        BRANCH,
        /** Calls the target. */
        CALL,
        /** Calls what a register or memory says. */
        INDIRECT_CALL,
        /** Where a register or memory says. */
        INDIRECT_JUMP,
        /** Back to a caller, or into the kernel for good. */
        RETURN,
        /** Nowhere. */
        TRAP,
        /** {@code syscall}. */
        SYSTEM_CALL,
        /** {@code int $0x80}. */
        OLD_SYSTEM_CALL
    }

    long end() {
        return address + length;
    }

    /** Returns whether compilers do not emit it: data that is read as code is full of these. */
    boolean strange() {
        return Opcodes.isStrange(map, opcode, modrm, prefixes);
    }

    boolean fallsThrough() {
        return switch (flow) {
            case NEXT, BRANCH, CALL, INDIRECT_CALL, SYSTEM_CALL, OLD_SYSTEM_CALL -> true;
            case JUMP, INDIRECT_JUMP, RETURN, TRAP -> false;
        };
    }

    boolean isDirectJump() {
        return flow == Flow.JUMP || flow == Flow.BRANCH;
    }

    /** Returns whether it may be a jump through a table: what it reaches cannot be told from the code. */
    boolean isComputedJump() {
        // Through a fixed place (a slot of the GOT) or a member of an object it is a tail call: there is no index.
        return flow == Flow.INDIRECT_JUMP && (rmIsRegister() || (modrm & 7) == 4);
    }

    /** Returns whether it is what assemblers fill gaps with. */
    boolean isPadding() {
        if (map == ONE_BYTE) {
            return opcode == 0xcc || (opcode == 0x90 && (rex & 1) == 0 && (prefixes & REP) == 0);
        }
        return map == TWO_BYTE && opcode == 0x1f;
    }

    boolean has(int prefix) {
        return (prefixes & prefix) != 0;
    }

    /** Whether the operand of ModRM's r/m field is a register. */
    boolean rmIsRegister() {
        return modrm >= 0xc0;
    }

    /** The register of ModRM's r/m field, 0 to 15. */
    int rm() {
        return (modrm & 7) | (rex & 1) << 3;
    }

    /** The register of ModRM's reg field, 0 to 15. */
    int reg() {
        return (modrm >> 3 & 7) | (rex & 4) << 1;
    }

    /** ModRM's reg field as the number of an operation, 0 to 7. */
    int operation() {
        return modrm >> 3 & 7;
    }
}

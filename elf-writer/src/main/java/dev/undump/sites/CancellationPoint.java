// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.List;

/**
 * Recognises the routine through which musl, and glibc from 2.41 on, make the system calls that are cancellation points.
 *
 * <p>Signal handlers of both compare the interrupted address with the bounds of this routine, so its call must be made at its
 * own place. Cancellation points (POSIX.1-2017 XSH 2.9.5.2) wait; none of the intercepted calls is one.
 */
final class CancellationPoint {

    /** {@code mov %rdi,%r11; mov %rsi,%rax; mov %rdx,%rdi; mov %rcx,%rsi; mov %r8,%rdx; mov %r9,%r10}. */
    private static final List<Integer> MOVES = List.of(0x0b07, 0x0006, 0x0702, 0x0601, 0x0208, 0x0a09);

    private static final int FURTHEST = 12;

    private CancellationPoint() {}

    /** Returns whether a call of unknown number is the one of that routine. */
    static boolean is(Site site) {
        List<Instruction> code = site.block().instructions();
        for (int start = Math.max(0, site.index() - FURTHEST); start + MOVES.size() <= site.index(); start++) {
            if (movesStandAt(code, start) && loadsAndStoresOnly(code, start + MOVES.size(), site.index())) {
                return true;
            }
        }
        return false;
    }

    private static boolean movesStandAt(List<Instruction> code, int start) {
        for (int i = 0; i < MOVES.size(); i++) {
            if (move(code.get(start + i)) != MOVES.get(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns destination and source register of a 64-bit move, -1 for anything else. */
    private static int move(Instruction in) {
        boolean wide = in.map() == Instruction.ONE_BYTE && (in.rex() & 8) != 0 && in.rmIsRegister();
        if (wide && in.opcode() == 0x89) {
            return in.rm() << 8 | in.reg();
        }
        return wide && in.opcode() == 0x8b ? in.reg() << 8 | in.rm() : -1;
    }

    /** The arguments that came on the stack. */
    private static boolean loadsAndStoresOnly(List<Instruction> code, int from, int to) {
        for (int i = from; i < to; i++) {
            Instruction in = code.get(i);
            boolean move = in.map() == Instruction.ONE_BYTE && (in.opcode() == 0x8b || in.opcode() == 0x89);
            boolean stack = in.modrm() >= 0 && !in.rmIsRegister() && (in.modrm() & 7) == Opcodes.RSP;
            if (!move || !stack) {
                return false;
            }
        }
        return true;
    }
}

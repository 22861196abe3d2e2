// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * General registers of a stopped thread, {@code struct user_regs_struct} of {@code asm/user_64.h} in its order, as the kernel
 * gave them: a system call is not wound back yet.
 */
public record Registers(
        long r15,
        long r14,
        long r13,
        long r12,
        long rbp,
        long rbx,
        long r11,
        long r10,
        long r9,
        long r8,
        long rax,
        long rcx,
        long rdx,
        long rsi,
        long rdi,
        long origRax,
        long rip,
        long cs,
        long eflags,
        long rsp,
        long ss,
        long fsBase,
        long gsBase,
        long ds,
        long es,
        long fs,
        long gs) {

    /**
     * Returns an argument of the system call in which the thread stopped.
     *
     * @param index 0 to 5
     */
    public long argument(int index) {
        return switch (index) {
            case 0 -> rdi;
            case 1 -> rsi;
            case 2 -> rdx;
            case 3 -> r10;
            case 4 -> r8;
            case 5 -> r9;
            default -> throw new IllegalArgumentException("system calls have no argument " + index);
        };
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.SeccompFilter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Runs a seccomp filter on a system call, to know beforehand what it would decide about those that a launch makes.
 *
 * <p>Source: classic BPF as kernel/seccomp.c admits it ({@code seccomp_check_filter}), linux/filter.h.
 */
final class FilterProgram {

    private static final int ARCHITECTURE_X86_64 = 0xc000003e;
    private static final int ACTION = 0xffff0000;
    private static final int ALLOW = 0x7fff0000;
    private static final int LOG = 0x7ffc0000;
    private static final int MEMORY_WORDS = 16;
    private static final int DATA_BYTES = 64;
    private static final int CLASS = 7;

    private final ByteBuffer code;

    FilterProgram(SeccompFilter filter) {
        this.code = filter.instructions().buffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Returns whether a call is let through.
     *
     * @param instruction address behind the syscall instruction
     */
    boolean allows(int number, long instruction, long... arguments) throws PlanException {
        ByteBuffer data = ByteBuffer.allocate(DATA_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.putInt(0, number).putInt(4, ARCHITECTURE_X86_64).putLong(8, instruction);
        for (int i = 0; i < arguments.length; i++) {
            data.putLong(16 + i * Long.BYTES, arguments[i]);
        }
        int action = run(data) & ACTION;
        return action == ALLOW || action == LOG;
    }

    /** The checks of the kernel, which has accepted this filter once, are repeated as far as they keep this loop sound. */
    private int run(ByteBuffer data) throws PlanException {
        int[] memory = new int[MEMORY_WORDS];
        int a = 0;
        int x = 0;
        int next = 0;
        while (next >= 0 && next < code.limit() / SeccompFilter.INSTRUCTION_BYTES) {
            int at = next++ * SeccompFilter.INSTRUCTION_BYTES;
            int operation = code.getShort(at) & 0xffff;
            int k = code.getInt(at + 4);
            switch (operation & CLASS) {
                case 0 -> a = load(operation, k, data, memory);
                case 1 -> x = load(operation, k, data, memory);
                case 2 -> memory[word(k)] = a;
                case 3 -> memory[word(k)] = x;
                case 4 -> a = compute(operation & 0xf0, a, (operation & 8) != 0 ? x : k);
                case 5 -> next += jump(operation, a, x, k, code.get(at + 2) & 0xff, code.get(at + 3) & 0xff);
                case 6 -> {
                    return (operation & 0x10) != 0 ? a : k;
                }
                default -> { // BPF_MISC: TAX, TXA
                    if ((operation & 0x80) != 0) {
                        a = x;
                    } else {
                        x = a;
                    }
                }
            }
        }
        throw new PlanException("a seccomp filter ends without a decision: the checkpoint contradicts itself");
    }

    private static int load(int operation, int k, ByteBuffer data, int[] memory) throws PlanException {
        return switch (operation & 0xe0) {
            case 0x00 -> k;
            case 0x20 -> {
                if (k < 0 || k > DATA_BYTES - Integer.BYTES) {
                    throw unknown(operation);
                }
                yield data.getInt(k);
            }
            case 0x60 -> memory[word(k)];
            case 0x80 -> DATA_BYTES;
            default -> throw unknown(operation);
        };
    }

    private static int word(int k) throws PlanException {
        if (k < 0 || k >= MEMORY_WORDS) {
            throw new PlanException("a seccomp filter uses memory word " + k + ": the checkpoint contradicts itself");
        }
        return k;
    }

    private static int compute(int operation, int a, int operand) throws PlanException {
        return switch (operation) {
            case 0x00 -> a + operand;
            case 0x10 -> a - operand;
            case 0x20 -> a * operand;
            case 0x30 -> operand == 0 ? 0 : Integer.divideUnsigned(a, operand);
            case 0x40 -> a | operand;
            case 0x50 -> a & operand;
            case 0x60 -> a << operand;
            case 0x70 -> a >>> operand;
            case 0x80 -> -a;
            case 0xa0 -> a ^ operand;
            default -> throw unknown(operation);
        };
    }

    private static int jump(int operation, int a, int x, int k, int whenTrue, int whenFalse) throws PlanException {
        int operand = (operation & 8) != 0 ? x : k;
        return switch (operation & 0xf0) {
            case 0x00 -> k;
            case 0x10 -> a == operand ? whenTrue : whenFalse;
            case 0x20 -> Integer.compareUnsigned(a, operand) > 0 ? whenTrue : whenFalse;
            case 0x30 -> Integer.compareUnsigned(a, operand) >= 0 ? whenTrue : whenFalse;
            case 0x40 -> (a & operand) != 0 ? whenTrue : whenFalse;
            default -> throw unknown(operation);
        };
    }

    private static PlanException unknown(int operation) {
        return new PlanException("a seccomp filter has the instruction 0x" + Integer.toHexString(operation)
                + ", which is not known: the checkpoint contradicts itself");
    }
}

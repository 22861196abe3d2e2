// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A filter of seccomp(2).
 *
 * @param instructions {@code struct sock_filter} each
 * @param flags {@code SECCOMP_FILTER_FLAG_LOG}
 */
public record SeccompFilter(Bytes instructions, int flags) {

    /** Bytes of an instruction. */
    public static final int INSTRUCTION_BYTES = 8;

    private static final int MOST_INSTRUCTIONS = 4096;

    public SeccompFilter {
        int length = instructions.length();
        Checks.check(
                length > 0 && length % INSTRUCTION_BYTES == 0 && length / INSTRUCTION_BYTES <= MOST_INSTRUCTIONS,
                "bytes of a seccomp filter",
                length);
    }
}

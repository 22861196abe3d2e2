// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** Addresses that the kernel keeps about a program, see {@code PR_SET_MM_MAP} in prctl(2). */
public record MemoryMarks(
        long startCode,
        long endCode,
        long startData,
        long endData,
        long startBrk,
        long brk,
        long startStack,
        long argStart,
        long argEnd,
        long envStart,
        long envEnd) {

    public MemoryMarks {
        Checks.address("start_code", startCode);
        Checks.address("end_code", endCode);
        Checks.address("start_data", startData);
        Checks.address("end_data", endData);
        Checks.address("start_brk", startBrk);
        Checks.address("brk", brk);
        Checks.address("start_stack", startStack);
        Checks.address("arg_start", argStart);
        Checks.address("arg_end", argEnd);
        Checks.address("env_start", envStart);
        Checks.address("env_end", envEnd);
    }
}

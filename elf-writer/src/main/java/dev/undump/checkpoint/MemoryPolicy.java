// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * From which memory nodes pages are taken, set_mempolicy(2).
 *
 * @param mode {@code MPOL_*} with its flags
 * @param nodes bit n is node n
 */
public record MemoryPolicy(int mode, long nodes) {

    /** No policy was set. */
    public static final MemoryPolicy DEFAULT = new MemoryPolicy(0, 0);

    public MemoryPolicy {
        Checks.check(mode >= 0 && mode <= 0xffff, "mode of the memory policy", mode);
    }
}

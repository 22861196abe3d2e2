// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * The sets of capabilities(7) of a thread; bit n is capability n.
 *
 * @param securebits {@code SECBIT_*}
 */
public record Capabilities(
        long inheritable, long permitted, long effective, long bounding, long ambient, int securebits) {}

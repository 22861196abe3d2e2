// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * Registration of get_robust_list(2).
 *
 * @param headAddress 0 is none
 */
public record RobustList(long headAddress, long sizeBytes) {}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.List;

/**
 * Where a jump through a table leads, if nobody jumps in between the start of what leads to it and itself.
 *
 * @param start the first instruction that counts
 * @param targets instructions of the same function, ascending
 */
record JumpTable(long start, List<Long> targets) {

    JumpTable {
        targets = List.copyOf(targets);
    }
}

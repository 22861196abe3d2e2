// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.sites.Coverage;
import java.util.List;
import java.util.Optional;

/**
 * Memory that a launch maps from the image, and how it was made sure that nothing but time can tell.
 *
 * @param ranges by address; none: all memory is read
 * @param coverage the system calls that were found; empty when nobody needs to know of them
 */
public record LazyMemory(List<LazyRange> ranges, Optional<Coverage> coverage) {

    /** No memory is lazy, and none was meant to be. */
    static final LazyMemory NONE = new LazyMemory(List.of(), Optional.empty());

    public LazyMemory {
        ranges = List.copyOf(ranges);
    }

    /** Returns whether memory that would be lazy is read because a system call could not be intercepted. */
    public boolean isPrevented() {
        return coverage.map(found -> !found.isComplete()).orElse(false);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.List;

/**
 * Memory that a launch maps from the image, and how its exactness was made sure of.
 *
 * @param ranges by address; none: all memory is read
 * @param coverage for people: the system calls that were found, or what keeps all memory from being lazy; empty when there is
 *     nothing that could be lazy, or nobody wanted it
 * @param prevented true: there is memory that would be lazy, but a system call could not be intercepted
 */
public record LazyMemory(List<LazyRange> ranges, String coverage, boolean prevented) {

    /** No memory is lazy, and none was meant to be. */
    static final LazyMemory NONE = new LazyMemory(List.of(), "", false);

    public LazyMemory {
        ranges = List.copyOf(ranges);
    }
}

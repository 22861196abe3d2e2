// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** Memory with a policy of its own, mbind(2). */
public record BoundMemory(ByteRange range, MemoryPolicy policy) {

    public BoundMemory {
        Checks.check(!range.isEmpty() && range.isAligned(4096), "range of the memory policy", range.start());
    }
}

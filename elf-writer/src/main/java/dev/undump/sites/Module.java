// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.util.List;
import java.util.Optional;

/**
 * Executable memory of one origin.
 *
 * @param name for messages
 * @param kind where its code comes from
 * @param code by address, not touching
 * @param functions empty when it has no unwind table
 * @param mapped all that the program has mapped
 * @param hotSpot code of a JVM, in which no system calls are; empty when the program is none
 */
record Module(
        String name,
        Kind kind,
        List<ByteRange> code,
        Optional<UnwindTable> functions,
        MappedMemory mapped,
        Optional<ByteRange> hotSpot) {

    enum Kind {
        /** A file that the image carries its own copy of. */
        FILE,
        /** A file that a launch maps again: its bytes cannot be changed. */
        UNCHANGEABLE,
        /** Memory that the program filled, or may fill, itself. */
        GENERATED
    }

    Module {
        code = List.copyOf(code);
    }

    boolean contains(long address) {
        for (ByteRange range : code) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.ArrayList;
import java.util.List;

/** Jumps with a distance of one byte, in code that was not decoded: every byte that could start one counts as one. */
final class NearJumps {

    /**
     * What may be a jump.
     *
     * @param target where it would lead
     * @param end behind its last byte
     */
    record Jump(long target, long end) {}

    private NearJumps() {}

    /** Returns whether some byte could start a jump to an address. */
    static boolean mayLeadTo(byte[] bytes, long start, long target) {
        for (int i = 0; i + 1 < bytes.length; i++) {
            if (start + i + 2 + bytes[i + 1] == target && isJump(bytes[i])) {
                return true;
            }
        }
        return false;
    }

    /** Returns all that may be jumps. */
    static List<Jump> all(byte[] bytes, long start) {
        List<Jump> jumps = new ArrayList<>();
        for (int i = 0; i + 1 < bytes.length; i++) {
            if (isJump(bytes[i])) {
                jumps.add(new Jump(start + i + 2 + bytes[i + 1], start + i + 2));
            }
        }
        return jumps;
    }

    private static boolean isJump(byte opcode) {
        int code = opcode & 0xff;
        return (code & 0xf0) == 0x70 || code == 0xeb || (code >= 0xe0 && code <= 0xe3);
    }
}

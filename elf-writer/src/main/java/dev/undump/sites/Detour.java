// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;
import java.util.List;

/**
 * How one system call is led over an island.
 *
 * @param call the {@code syscall} instruction
 * @param compares whether the number is compared at run time; else every call goes to the stub
 * @param hop padding that takes the far jump, its first five bytes; empty range when the far jump stands in the code itself
 * @param gap all of the padding that the hop is part of
 * @param before instructions in front of the call that move to the island; the far jump stands at the first
 * @param after instructions behind the call that move to the island; the far jump then stands at the call
 * @param original the bytes of {@link #covered}
 */
record Detour(
        Instruction call,
        boolean compares,
        ByteRange hop,
        ByteRange gap,
        List<Instruction> before,
        List<Instruction> after,
        Bytes original) {

    static final int FAR_JUMP = 5;
    static final int NEAR_JUMP = 2;

    Detour {
        before = List.copyOf(before);
        after = List.copyOf(after);
    }

    /** Returns whether the call itself stays where it is, and only what leads to it is changed. */
    boolean keepsCall() {
        return !before.isEmpty();
    }

    /** Returns where the far jump to the island goes. */
    long farJump() {
        return !hop.isEmpty() ? hop.start() : keepsCall() ? before.get(0).address() : call.address();
    }

    /** Returns where the program goes on behind the island. */
    long back() {
        return after.isEmpty() ? call.end() : after.get(after.size() - 1).end();
    }

    /** Returns the code whose bytes change or are passed over, the hop apart. */
    ByteRange covered() {
        return covered(call, before, after);
    }

    static ByteRange covered(Instruction call, List<Instruction> before, List<Instruction> after) {
        long start = before.isEmpty() ? call.address() : before.get(0).address();
        return new ByteRange(start, after.isEmpty() ? call.end() : after.get(after.size() - 1).end());
    }

    /** Returns the bytes of a moved instruction. */
    byte[] bytesOf(Instruction moved) {
        byte[] bytes = new byte[moved.length()];
        original.buffer().get(Math.toIntExact(moved.address() - covered().start()), bytes);
        return bytes;
    }
}

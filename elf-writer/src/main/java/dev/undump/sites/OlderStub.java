// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/**
 * The stub of an image that the program came from. The program gets into it only where its rewritten calls arrive: led on to the
 * newer stub from there, it never runs again, and its own system calls do not matter.
 *
 * @param text its code
 * @param entry address of its {@code undump_intercept}
 */
public record OlderStub(ByteRange text, long entry) {

    /** jmp *0(%rip) and the address. */
    private static final int JUMP_BYTES = 6 + Long.BYTES;

    private static final int PAGE = 4096;

    public OlderStub {
        if (!text.contains(ByteRange.ofLength(entry, JUMP_BYTES))) {
            throw new IllegalArgumentException("entry " + ByteRange.format(entry) + " outside of " + text);
        }
    }

    /**
     * Returns whether a thread is inside, at work for a call of the program. A thread that sleeps in a call which the stub makes
     * again is not: that call is of a fixed number, and goes straight back.
     */
    boolean isVisited(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        for (CheckpointThread thread : checkpoint.threads()) {
            if (text.contains(thread.registers().rip()) && !isResuming(thread, memory)) {
                return true;
            }
        }
        return !SavedContexts.find(checkpoint, memory, text::contains).isEmpty();
    }

    /** {@code undump_resume_call} has rbx point to a record in a thread's block, which begins with the address to return to. */
    private boolean isResuming(CheckpointThread thread, CheckpointMemory memory) throws IOException {
        long call = thread.registers().rbx();
        boolean inBlock = call >= text.end()
                && call < text.start() + ImageLayout.DONE_BITS
                && (call - ImageLayout.ThreadBlock.CALL) % PAGE == 0;
        if (thread.call().isEmpty() || !inBlock) {
            return false;
        }
        OptionalLong back = memory.readLong(call + ImageLayout.ResumeCall.RETURN_ADDRESS);
        return back.isPresent() && back.getAsLong() > 0 && !text.contains(back.getAsLong());
    }

    /** Returns the patch that leads on. */
    CodePatch leadOnTo(long newerEntry) {
        byte[] jump = ByteBuffer.allocate(JUMP_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0xff)
                .put((byte) 0x25)
                .putInt(0)
                .putLong(newerEntry)
                .array();
        return new CodePatch(entry, Bytes.copyOf(jump));
    }
}

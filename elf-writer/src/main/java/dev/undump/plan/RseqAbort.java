// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Takes a thread out of a restartable sequence, as the kernel does when it preempts one (kernel/rseq.c, {@code
 * rseq_ip_fixup}): it goes on at the abort handler, and the pointer to the sequence is cleared.
 */
final class RseqAbort {

    private static final int RSEQ_CS_FIELD = 8;
    private static final int SEQUENCE_BYTES = 32;
    private static final int START_IP = 8;
    private static final int POST_COMMIT_OFFSET = 16;
    private static final int ABORT_IP = 24;

    private final CheckpointMemory memory;
    private final DataArea data;

    RseqAbort(CheckpointMemory memory, DataArea data) {
        this.memory = memory;
        this.data = data;
    }

    ResumePoint leave(CheckpointThread thread, ResumePoint point) throws IOException {
        if (!thread.rseq().isRegistered()) {
            return point;
        }
        long field = thread.rseq().address() + RSEQ_CS_FIELD;
        OptionalLong sequence = memory.readLong(field);
        if (sequence.isEmpty() || sequence.getAsLong() == 0) {
            return point;
        }
        data.clearWord(field);
        Optional<ByteBuffer> bytes = memory.read(sequence.getAsLong(), SEQUENCE_BYTES);
        if (bytes.isEmpty()) {
            return point;
        }
        long into = thread.registers().rip() - bytes.get().getLong(START_IP);
        boolean inside = Long.compareUnsigned(into, bytes.get().getLong(POST_COMMIT_OFFSET)) < 0;
        return inside ? new ResumePoint(bytes.get().getLong(ABORT_IP), point.rax(), Optional.empty()) : point;
    }
}

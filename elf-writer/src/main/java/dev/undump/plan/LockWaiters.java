// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Registers;
import dev.undump.nativestub.ImageLayout.SignalFrame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the id of a thread that waits for a robust, priority-inheriting or priority-protected mutex of glibc.
 *
 * <p>{@code __pthread_mutex_lock_full} and {@code __pthread_mutex_clocklock_common} take their own id before they wait, and
 * write it into the mutex when they get it. Meanwhile it is in the function's frame or in a register that calls preserve. For
 * other types the id is taken after the wait.
 */
final class LockWaiters {

    private static final long SYS_FUTEX = 202;
    private static final short SYSCALL_INSTRUCTION = 0x050f;
    private static final int FUTEX_COMMAND_MASK = ~(128 | 256);
    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_LOCK_PI = 6;
    private static final int FUTEX_WAIT_BITSET = 9;
    private static final int FUTEX_LOCK_PI2 = 13;

    /** The frames of the lock function and of the two that may wait for it; glibc 2.36 needs 0xb0 bytes. */
    private static final int FRAMES_BYTES = 0x100;

    private final CheckpointMemory memory;
    private final TidPatches patches;
    private final List<RegisterPatch> registers = new ArrayList<>();

    LockWaiters(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    void find(CheckpointThread thread, int index) throws IOException {
        if (!waitsForLock(thread)) {
            return;
        }
        for (Map.Entry<Integer, Long> register : preserved(thread.registers()).entrySet()) {
            if (register.getValue() == thread.ownTid()) {
                registers.add(new RegisterPatch(index, register.getKey()));
            }
        }
        long stack = thread.registers().rsp() & -Integer.BYTES;
        Optional<ByteBuffer> frames = memory.read(stack, FRAMES_BYTES);
        for (int at = 0; frames.isPresent() && at < FRAMES_BYTES; at += Integer.BYTES) {
            if (frames.get().getInt(at) == thread.ownTid()) {
                patches.addInt(stack + at, thread.ownTid(), 0);
            }
        }
    }

    /** Registers that hold ids, in the order in which they were found. */
    List<RegisterPatch> registers() {
        return List.copyOf(registers);
    }

    private boolean waitsForLock(CheckpointThread thread) throws IOException {
        if (!isAtFutex(thread)) {
            return false;
        }
        int command = (int) thread.registers().rsi() & FUTEX_COMMAND_MASK;
        boolean waits = command == FUTEX_WAIT
                || command == FUTEX_WAIT_BITSET
                || command == FUTEX_LOCK_PI
                || command == FUTEX_LOCK_PI2;
        if (!waits) {
            return false;
        }
        Optional<ByteBuffer> mutex = memory.read(thread.registers().rdi(), LockPatterns.LOCK_BYTES);
        return mutex.isPresent() && LockPatterns.takesIdBeforeWaiting(mutex.get(), patches::isTid);
    }

    /** In the call, or in front of it: a call that is made again after a stop or a launch has not begun yet. */
    private boolean isAtFutex(CheckpointThread thread) throws IOException {
        if (thread.call().isPresent()) {
            return thread.call().get().number() == SYS_FUTEX;
        }
        Optional<ByteBuffer> code = memory.read(thread.registers().rip(), Short.BYTES);
        return thread.registers().rax() == SYS_FUTEX && code.isPresent() && code.get().getShort(0) == SYSCALL_INSTRUCTION;
    }

    private static Map<Integer, Long> preserved(Registers registers) {
        Map<Integer, Long> preserved = new LinkedHashMap<>();
        preserved.put(SignalFrame.RBX, registers.rbx());
        preserved.put(SignalFrame.RBP, registers.rbp());
        preserved.put(SignalFrame.R12, registers.r12());
        preserved.put(SignalFrame.R13, registers.r13());
        preserved.put(SignalFrame.R14, registers.r14());
        preserved.put(SignalFrame.R15, registers.r15());
        return preserved;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Registers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Winds a thread that was inside a system call back, so that the call is made again as if nothing had happened.
 *
 * <p>The kernel would do the same after a signal without handler (arch/x86/kernel/signal.c, {@code
 * arch_do_signal_or_restart}); calls that report EINTR themselves, such as epoll_wait, are made again as well, because no
 * signal of the program's world explains the interruption. A relative wait gets what is left of its time. A call that a
 * pending signal's handler ends is not made again.
 */
final class ResumePlanner {

    private static final int EINTR = -4;
    private static final int ERESTARTSYS = -512;
    private static final int ERESTARTNOINTR = -513;
    private static final int ERESTARTNOHAND = -514;
    private static final int ERESTART_RESTARTBLOCK = -516;
    private static final int SYSCALL_BYTES = 2;
    private static final Pattern C_LIBRARY = Pattern.compile(".*/(libc\\.so|libc-|libpthread|ld-musl-)[^/]*");

    private final CheckpointMemory memory;
    private final PendingSignals pending;

    ResumePlanner(CheckpointMemory memory, PendingSignals pending) {
        this.memory = memory;
        this.pending = pending;
    }

    ResumePoint of(CheckpointThread thread) throws IOException, PlanException {
        Registers registers = thread.registers();
        if (thread.call().isEmpty()) {
            return new ResumePoint(registers.rip(), registers.rax(), Optional.empty());
        }
        InterruptedCall call = thread.call().get();
        if (call.number() < 0) {
            throw new PlanException("thread " + thread.ownTid() + " was inside restart_syscall and the call that it stands for"
                    + " is not known: capture again");
        }
        long result = call.result();
        if (result != EINTR
                && result != ERESTARTSYS
                && result != ERESTARTNOINTR
                && result != ERESTARTNOHAND
                && result != ERESTART_RESTARTBLOCK) {
            throw new PlanException("thread " + thread.ownTid() + " was inside system call " + call.number()
                    + " with the result " + result + ", which does not say how to go on: capture again");
        }
        long instruction = registers.rip() - SYSCALL_BYTES;
        requireSyscallAt(instruction, thread);
        if (pending.interrupt(thread, call)) {
            return new ResumePoint(registers.rip(), EINTR, Optional.empty());
        }
        return new ResumePoint(instruction, call.number(), shortened(registers, call));
    }

    private void requireSyscallAt(long address, CheckpointThread thread) throws IOException, PlanException {
        Optional<ByteBuffer> code = memory.read(address, SYSCALL_BYTES);
        if (code.isEmpty() || code.get().get(0) != 0x0f || code.get().get(1) != 0x05) {
            throw new PlanException("thread " + thread.ownTid() + " was inside a system call, but at "
                    + ByteRange.format(address) + " there is no syscall instruction: 32-bit calls of 64-bit programs cannot be"
                    + " made again");
        }
    }

    /**
     * Whether the C library's own wrapper makes the call. Nothing behind its instruction looks at the arguments again, and
     * cancellation has to find it there: unwinding from the stub's code would pass over destructors. Elsewhere a compiler may
     * rely on argument registers, which a system call preserves.
     */
    private boolean isInLibrary(long address) {
        return memory.mappingAt(address)
                .map(mapping -> isCLibrary(mapping.name().toString()))
                .orElse(false);
    }

    static boolean isCLibrary(String path) {
        return C_LIBRARY.matcher(path).matches();
    }

    private Optional<ShortenedCall> shortened(Registers registers, InterruptedCall call) throws IOException {
        Optional<RelativeWait> wait = RelativeWait.of(call.number(), registers, memory);
        if (wait.isEmpty()) {
            return Optional.empty();
        }
        long remaining;
        if (wait.get().kernelRemainingNs().isPresent()) {
            remaining = wait.get().kernelRemainingNs().getAsLong();
        } else if (call.waitedNs() == 0) {
            return Optional.empty();
        } else {
            remaining = Math.max(0, wait.get().askedNs() - call.waitedNs());
        }
        return Optional.of(new ShortenedCall(
                registers.rip(), wait.get().argument(), wait.get().form(), remaining, isInLibrary(registers.rip())));
    }
}

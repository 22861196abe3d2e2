// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Registers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The relative time that a system call was asked to wait.
 *
 * <p>Absent from the list, because making them again is right: calls with absolute times, and select, pselect6 and ppoll,
 * for which the kernel has written what is left over the program's timeout already.
 *
 * @param argument number of the argument that holds the time
 * @param form how it holds it
 * @param askedNs nanoseconds that the program asked for
 * @param kernelRemainingNs nanoseconds that are left, where the kernel has written them down for the program
 */
record RelativeWait(int argument, ShortenedCall.Form form, long askedNs, OptionalLong kernelRemainingNs) {

    private static final int SYS_POLL = 7;
    private static final int SYS_NANOSLEEP = 35;
    private static final int SYS_RT_SIGTIMEDWAIT = 128;
    private static final int SYS_FUTEX = 202;
    private static final int SYS_SEMTIMEDOP = 220;
    private static final int SYS_CLOCK_NANOSLEEP = 230;
    private static final int SYS_EPOLL_WAIT = 232;
    private static final int SYS_EPOLL_PWAIT = 281;
    private static final int SYS_EPOLL_PWAIT2 = 441;

    private static final int TIMER_ABSTIME = 1;
    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_COMMAND_MASK = ~(128 | 256);
    private static final long NS_PER_SECOND = 1_000_000_000;
    private static final int TIMESPEC_BYTES = 16;

    /** Returns the wait of a call; empty when it had none, none that must be shortened, or an unreadable one. */
    static Optional<RelativeWait> of(long number, Registers registers, CheckpointMemory memory) throws IOException {
        return switch ((int) number) {
            case SYS_POLL -> milliseconds((int) registers.rdx(), 2);
            case SYS_EPOLL_WAIT, SYS_EPOLL_PWAIT -> milliseconds((int) registers.r10(), 3);
            case SYS_EPOLL_PWAIT2, SYS_SEMTIMEDOP -> timespec(registers.r10(), 3, memory);
            case SYS_RT_SIGTIMEDWAIT -> timespec(registers.rdx(), 2, memory);
            case SYS_NANOSLEEP -> sleep(registers.rdi(), 0, registers.rsi(), memory);
            case SYS_CLOCK_NANOSLEEP -> (registers.rsi() & TIMER_ABSTIME) != 0
                    ? Optional.empty()
                    : sleep(registers.rdx(), 2, registers.r10(), memory);
            case SYS_FUTEX -> ((int) registers.rsi() & FUTEX_COMMAND_MASK) == FUTEX_WAIT
                    ? timespec(registers.r10(), 3, memory)
                    : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Optional<RelativeWait> milliseconds(int asked, int argument) {
        return asked < 0
                ? Optional.empty()
                : Optional.of(new RelativeWait(
                        argument, ShortenedCall.Form.MILLISECONDS, asked * 1_000_000L, OptionalLong.empty()));
    }

    private static Optional<RelativeWait> timespec(long address, int argument, CheckpointMemory memory) throws IOException {
        OptionalLong asked = readTime(address, memory);
        return asked.isEmpty()
                ? Optional.empty()
                : Optional.of(new RelativeWait(
                        argument, ShortenedCall.Form.TIMESPEC, asked.getAsLong(), OptionalLong.empty()));
    }

    /** A sleep whose second pointer is given: the kernel has written there what is left. */
    private static Optional<RelativeWait> sleep(long asked, int argument, long remaining, CheckpointMemory memory)
            throws IOException {
        if (remaining == 0) {
            return timespec(asked, argument, memory);
        }
        if (remaining == asked) {
            return Optional.empty();
        }
        OptionalLong askedNs = readTime(asked, memory);
        OptionalLong remainingNs = readTime(remaining, memory);
        return askedNs.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new RelativeWait(argument, ShortenedCall.Form.TIMESPEC, askedNs.getAsLong(), remainingNs));
    }

    private static OptionalLong readTime(long address, CheckpointMemory memory) throws IOException {
        if (address == 0) {
            return OptionalLong.empty();
        }
        Optional<ByteBuffer> bytes = memory.read(address, TIMESPEC_BYTES);
        if (bytes.isEmpty()) {
            return OptionalLong.empty();
        }
        long seconds = bytes.get().getLong(0);
        long nanoseconds = bytes.get().getLong(Long.BYTES);
        if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NS_PER_SECOND) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(
                seconds >= Long.MAX_VALUE / NS_PER_SECOND ? Long.MAX_VALUE : seconds * NS_PER_SECOND + nanoseconds);
    }
}

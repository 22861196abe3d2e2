// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CaptureMoment;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Registers;
import dev.undump.nativestub.SystemCallNames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Says what a thread was doing: running, or which system call with which arguments. */
final class SystemCallText {

    /**
     * The arguments worth showing of calls that wait, one letter each: d number, u unsigned number, v unsigned 32-bit number, p address, f descriptor, t
     * address of a timespec, m milliseconds, o futex operation. Other calls show no arguments.
     */
    private static final Map<String, String> ARGUMENTS = Map.ofEntries(
            Map.entry("read", "fpu"),
            Map.entry("write", "fpu"),
            Map.entry("readv", "fpd"),
            Map.entry("writev", "fpd"),
            Map.entry("pread64", "fpuu"),
            Map.entry("poll", "pum"),
            Map.entry("ppoll", "put"),
            Map.entry("select", "dpppp"),
            Map.entry("pselect6", "dpppt"),
            Map.entry("epoll_wait", "fpdm"),
            Map.entry("epoll_pwait", "fpdm"),
            Map.entry("epoll_pwait2", "fpdt"),
            Map.entry("nanosleep", "t"),
            Map.entry("clock_nanosleep", ""),
            Map.entry("futex", "povt"),
            Map.entry("wait4", "dpd"),
            Map.entry("waitid", "ddpd"),
            Map.entry("rt_sigtimedwait", "ppt"),
            Map.entry("ioctl", "fu"),
            Map.entry("fcntl", "fd"),
            Map.entry("flock", "fd"),
            Map.entry("accept", "fpp"),
            Map.entry("accept4", "fpp"),
            Map.entry("connect", "fpd"),
            Map.entry("recvfrom", "fpu"),
            Map.entry("recvmsg", "fp"),
            Map.entry("sendto", "fpu"),
            Map.entry("sendmsg", "fp"),
            Map.entry("pause", ""),
            Map.entry("rt_sigsuspend", "p"));

    /** linux/futex.h. */
    private static final List<String> FUTEX_OPERATIONS = List.of(
            "WAIT", "WAKE", "FD", "REQUEUE", "CMP_REQUEUE", "WAKE_OP", "LOCK_PI", "UNLOCK_PI", "TRYLOCK_PI", "WAIT_BITSET",
            "WAKE_BITSET", "WAIT_REQUEUE_PI", "CMP_REQUEUE_PI", "LOCK_PI2");

    private static final int FUTEX_PRIVATE = 128;
    private static final int FUTEX_REALTIME = 256;
    private static final int TIMESPEC_BYTES = 16;
    private static final long SECOND_NS = 1_000_000_000L;

    /** Number of the call, from the system call table that never changes. */
    private static final int CLOCK_NANOSLEEP = 230;

    /** linux/time.h. */
    private static final List<String> CLOCKS = List.of(
            "realtime", "monotonic", "process_cputime", "thread_cputime", "monotonic_raw", "realtime_coarse",
            "monotonic_coarse", "boottime", "realtime_alarm", "boottime_alarm", "sgi_cycle", "tai");

    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int TIMER_ABSTIME = 1;

    private final Subject subject;
    private final Map<Integer, String> paths = new HashMap<>();

    SystemCallText(Subject subject) {
        this.subject = subject;
        Checkpoint checkpoint = subject.checkpoint();
        for (Descriptor descriptor : checkpoint.descriptors()) {
            paths.put(descriptor.fd(), checkpoint.openFile(descriptor).path().toString());
        }
    }

    /** Returns for instance {@code waits in nanosleep(1.5 s) since 200 ms}. */
    String state(CheckpointThread thread) throws IOException {
        if (thread.call().isEmpty()) {
            return "running";
        }
        InterruptedCall call = thread.call().get();
        String since = call.waitedNs() == 0 ? "" : " since " + Sizes.nanoseconds(call.waitedNs());
        return "waits in " + call(thread, call) + since;
    }

    /** Returns the name of a call, or its number where there is no name. */
    static String name(long number) {
        return number == -1 ? "an unknown call" : SystemCallNames.of(number).orElse("call " + number);
    }

    private String call(CheckpointThread thread, InterruptedCall call) throws IOException {
        String name = name(call.number());
        String kinds = ARGUMENTS.get(name);
        if (kinds == null) {
            return name;
        }
        Registers registers = thread.registers();
        if (call.number() == CLOCK_NANOSLEEP) {
            return name + "(" + clockSleep(registers.argument(0), registers.argument(1), registers.argument(2)) + ")";
        }
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < kinds.length(); i++) {
            arguments.add(argument(kinds.charAt(i), registers.argument(i)));
        }
        return name + "(" + String.join(", ", arguments) + ")";
    }

    /** A sleep until a point in time is shown by what was left of it. */
    private String clockSleep(long clock, long flags, long address) throws IOException {
        String name = clock >= 0 && clock < CLOCKS.size() ? CLOCKS.get((int) clock) : "clock " + (int) clock;
        OptionalLong time = nanoseconds(address);
        if ((flags & TIMER_ABSTIME) == 0 || time.isEmpty()) {
            return name + ", " + ((flags & TIMER_ABSTIME) == 0 ? "" : "until ") + timespec(address);
        }
        CaptureMoment moment = subject.checkpoint().process().moment();
        long now = clock == CLOCK_REALTIME ? moment.realtimeNs() : moment.monotonicNs();
        boolean known = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
        long left = Math.max(0, time.getAsLong() - now);
        return name + ", until " + (known ? "in " + Sizes.nanoseconds(left) : Sizes.nanoseconds(time.getAsLong()));
    }

    private String argument(char kind, long value) throws IOException {
        return switch (kind) {
            case 'd' -> Integer.toString((int) value);
            case 'u' -> Long.toUnsignedString(value);
            case 'v' -> Integer.toUnsignedString((int) value);
            case 'f' -> paths.containsKey((int) value) ? (int) value + " " + paths.get((int) value) : "" + (int) value;
            case 'm' -> (int) value < 0 ? "no timeout" : (int) value + " ms";
            case 'o' -> futexOperation((int) value);
            case 't' -> timespec(value);
            default -> value == 0 ? "null" : ByteRange.format(value);
        };
    }

    private static String futexOperation(int operation) {
        int plain = operation & ~(FUTEX_PRIVATE | FUTEX_REALTIME);
        if (plain < 0 || plain >= FUTEX_OPERATIONS.size()) {
            return "operation " + operation;
        }
        return FUTEX_OPERATIONS.get(plain)
                + ((operation & FUTEX_PRIVATE) != 0 ? " private" : "")
                + ((operation & FUTEX_REALTIME) != 0 ? " realtime" : "");
    }

    /** An image's summary has no memory, only the address. */
    private String timespec(long address) throws IOException {
        if (address == 0) {
            return "no timeout";
        }
        OptionalLong time = nanoseconds(address);
        return time.isPresent() ? Sizes.nanoseconds(time.getAsLong()) : ByteRange.format(address);
    }

    private OptionalLong nanoseconds(long address) throws IOException {
        Optional<ByteBuffer> bytes = subject.memory().isEmpty()
                ? Optional.empty()
                : subject.memory().get().read(address, TIMESPEC_BYTES);
        if (bytes.isEmpty()) {
            return OptionalLong.empty();
        }
        long seconds = bytes.get().getLong(0);
        long fraction = bytes.get().getLong(Long.BYTES);
        boolean sane = seconds >= 0 && seconds < Long.MAX_VALUE / SECOND_NS && fraction >= 0 && fraction < SECOND_NS;
        return sane ? OptionalLong.of(seconds * SECOND_NS + fraction) : OptionalLong.empty();
    }
}

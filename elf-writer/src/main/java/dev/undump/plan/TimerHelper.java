// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.PosixTimer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Finds where glibc keeps the id of the thread that runs the functions of SIGEV_THREAD timers: {@code __timer_helper_tid} of
 * sysdeps/unix/sysv/linux/timer_create.c, a word of static data that only {@code timer_create} and the helper know.
 *
 * <p>The function gives the id to the kernel, so it loads the word relative to the instruction pointer not far in front of
 * its {@code mov $SYS_timer_create,%eax; syscall}; what it loads there and holds the id of a thread is that word. All code is
 * searched, so only programs are that can have such a thread: it waits for its signal and for no other, or its timers name it.
 */
final class TimerHelper {

    private static final byte[] TIMER_CREATE = {(byte) 0xb8, (byte) 222, 0, 0, 0, 0x0f, 0x05};
    private static final int SIGTIMER = 32;
    private static final long SYS_RT_SIGTIMEDWAIT = 128;
    private static final int FUNCTION_BYTES = 1024;
    private static final int LOAD = 0x8b;
    private static final int REX_W = 0x48;
    private static final int MODRM_MASK = 0xc7;
    private static final int RELATIVE_TO_IP = 0x05;
    private static final int PIECE = 1 << 20;

    private final CheckpointMemory memory;
    private final TidPatches patches;

    TimerHelper(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    /** Whether a program may have the helping thread. */
    static boolean isPossible(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        for (PosixTimer timer : checkpoint.posixTimers()) {
            if (timer.notification() == PosixTimer.NOTIFY_THREAD_ID && timer.signal() == SIGTIMER) {
                return true;
            }
        }
        for (CheckpointThread thread : checkpoint.threads()) {
            boolean waits = thread.call().map(InterruptedCall::number).orElse(-1L) == SYS_RT_SIGTIMEDWAIT;
            OptionalLong signals = waits ? memory.readLong(thread.registers().rdi()) : OptionalLong.empty();
            if (signals.isPresent() && signals.getAsLong() == 1L << (SIGTIMER - 1)) {
                return true;
            }
        }
        return false;
    }

    void find(List<Mapping> mappings) throws IOException {
        for (Mapping mapping : mappings) {
            boolean code = (mapping.protection() & Mapping.EXECUTE) != 0 && mapping.kind() != MappingKind.VDSO;
            for (Extent extent : code ? mapping.extents() : List.<Extent>of()) {
                if (extent.hasBytes()) {
                    search(extent);
                }
            }
        }
    }

    private void search(Extent extent) throws IOException {
        long end = extent.range().end();
        for (long start = extent.address(); start < end; start += PIECE) {
            int length = (int) Math.min(PIECE + TIMER_CREATE.length - 1, end - start);
            Optional<ByteBuffer> code = memory.read(start, length);
            if (code.isEmpty()) {
                return;
            }
            byte[] bytes = code.get().array();
            for (int at = 0; at + TIMER_CREATE.length <= length; at++) {
                if (bytes[at] == TIMER_CREATE[0] && isCall(bytes, at)) {
                    follow(start + at, extent.address());
                }
            }
        }
    }

    private static boolean isCall(byte[] bytes, int at) {
        for (int i = 1; i < TIMER_CREATE.length; i++) {
            if (bytes[at + i] != TIMER_CREATE[i]) {
                return false;
            }
        }
        return true;
    }

    /** Patches what the code in front of a call loads. */
    private void follow(long call, long lowest) throws IOException {
        long start = Math.max(lowest, call - FUNCTION_BYTES);
        Optional<ByteBuffer> code = memory.read(start, (int) (call - start));
        if (code.isEmpty()) {
            return;
        }
        ByteBuffer bytes = code.get();
        for (int at = 1; at + 2 + Integer.BYTES <= bytes.limit(); at++) {
            boolean wide = (bytes.get(at - 1) & (0xf8)) == REX_W;
            boolean load = (bytes.get(at) & 0xff) == LOAD && (bytes.get(at + 1) & MODRM_MASK) == RELATIVE_TO_IP;
            if (load && !wide) {
                patch(start + at + 2 + Integer.BYTES + bytes.getInt(at + 2));
            }
        }
    }

    private void patch(long address) throws IOException {
        OptionalInt value = address <= 0 || address % Integer.BYTES != 0 ? OptionalInt.empty() : memory.readInt(address);
        if (value.isPresent() && patches.isTid(value.getAsInt())) {
            patches.addInt(address, value.getAsInt(), 0);
        }
    }
}

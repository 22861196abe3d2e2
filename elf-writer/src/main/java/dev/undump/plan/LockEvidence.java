// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.Registers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells locks from data that looks like one, by what uses them.
 *
 * <p>A lock is used by its address: a pointer to it lies in a register, on a stack or in memory, or code computes it; or its
 * owner works with the object that it is part of. A place of which nothing of this holds is data. Each other user that a mutex
 * counts waits for a condition, and {@code pthread_cond_wait} keeps the mutex's address in its frame (nptl/pthread_cond_wait.c,
 * struct _condvar_cleanup_buffer).
 */
final class LockEvidence {

    /** More places than that are data, for no program holds as many locks. */
    private static final int MOST_CANDIDATES = 1 << 17;

    /** Of a stack: what lies further away is not used at the moment, or is no stack. */
    private static final int STACK_BYTES = 1 << 20;

    private static final int RED_ZONE = 128;

    /** Objects that hold locks are not larger; and the alignment of memory that malloc gives. */
    private static final long OBJECT_BYTES = 4096;

    private static final long OBJECT_ALIGNMENT = 16;

    /** Up to here numbers are common in any data, so that being near what the owner uses proves nothing. */
    private static final int COMMON_NUMBERS = 255;

    private static final int REX_MASK = 0xfb;
    private static final int REX_W = 0x48;
    private static final int LEA = 0x8d;
    private static final int MODRM_MASK = 0xc7;
    private static final int MODRM_RIP = 0x05;
    private static final int MOV_IMMEDIATE = 0xb8;
    private static final int REGISTER_MASK = 0xf8;
    private static final int CODE_WINDOW = 1 << 20;
    /** Longest instruction that is looked for, with its prefix, behind its first byte. */
    private static final int CODE_OVERLAP = 7;

    private final CheckpointMemory memory;
    private final List<CheckpointThread> threads;
    private final Map<Long, LockScanner.Candidate> open = new HashMap<>();
    private final List<LockScanner.Candidate> locks = new ArrayList<>();
    private boolean tooMany;

    LockEvidence(CheckpointMemory memory, List<CheckpointThread> threads) {
        this.memory = memory;
        this.threads = threads;
    }

    /** Adds a place that looks like a lock. */
    void ask(LockScanner.Candidate candidate) {
        if (open.size() < MOST_CANDIDATES) {
            open.put(candidate.address(), candidate);
        } else {
            tooMany = true;
        }
    }

    /** Returns those that are locks, in no order. */
    List<LockScanner.Candidate> locks() throws IOException {
        if (!open.isEmpty() && !tooMany) {
            readStacks();
            if (!open.isEmpty()) {
                readCode();
            }
            if (!open.isEmpty()) {
                new MemoryWindows(memory)
                        .searchReadable(memory.mappings(), (bytes, words, address) -> pointers(words), this::accept);
            }
        }
        return List.copyOf(locks);
    }

    private void accept(long address) {
        LockScanner.Candidate candidate = open.remove(address);
        if (candidate != null) {
            locks.add(candidate);
        }
    }

    // ---- registers and stacks ----

    private void readStacks() throws IOException {
        Map<Long, Integer> holders = new HashMap<>();
        Set<Long> used = new HashSet<>();
        for (CheckpointThread thread : threads) {
            Set<Long> values = values(thread);
            for (long value : values) {
                if (open.containsKey(value)) {
                    holders.merge(value, 1, Integer::sum);
                }
            }
            for (LockScanner.Candidate candidate : open.values()) {
                if (candidate.tid() == thread.ownTid() && isPartOf(candidate, values)) {
                    used.add(candidate.address());
                }
            }
        }
        for (LockScanner.Candidate candidate : List.copyOf(open.values())) {
            int known = holders.getOrDefault(candidate.address(), 0);
            if (candidate.otherUsers() > known) {
                open.remove(candidate.address());
            } else if (known > 0 || used.contains(candidate.address())) {
                accept(candidate.address());
            }
        }
    }

    private static boolean isPartOf(LockScanner.Candidate candidate, Set<Long> values) {
        if (candidate.tid() <= COMMON_NUMBERS) {
            return false;
        }
        long object = candidate.address() & -OBJECT_ALIGNMENT;
        for (long distance = 0; distance < OBJECT_BYTES; distance += OBJECT_ALIGNMENT) {
            if (values.contains(object - distance)) {
                return true;
            }
        }
        return false;
    }

    /** What the thread has in its registers and on its stack. */
    private Set<Long> values(CheckpointThread thread) throws IOException {
        Registers registers = thread.registers();
        Set<Long> values = new HashSet<>(List.of(
                registers.rax(), registers.rbx(), registers.rcx(), registers.rdx(), registers.rsi(), registers.rdi(),
                registers.rbp(), registers.r8(), registers.r9(), registers.r10(), registers.r11(), registers.r12(),
                registers.r13(), registers.r14(), registers.r15()));
        long start = (registers.rsp() & -Long.BYTES) - RED_ZONE;
        Optional<Mapping> stack = memory.mappingAt(start);
        if (stack.isPresent()) {
            int length = (int) Math.min(STACK_BYTES, stack.get().range().end() - start);
            Optional<ByteBuffer> bytes = memory.read(start, length);
            for (int at = 0; bytes.isPresent() && at + Long.BYTES <= length; at += Long.BYTES) {
                values.add(bytes.get().getLong(at));
            }
        }
        return values;
    }

    // ---- code ----

    /** Looks for {@code lea place(%rip),%reg} and, for low addresses, {@code mov $place,%reg}. */
    private void readCode() throws IOException {
        for (Mapping mapping : memory.mappings()) {
            if ((mapping.protection() & Mapping.EXECUTE) == 0 || !isNear(mapping)) {
                continue;
            }
            long start = mapping.range().start();
            while (start < mapping.range().end() && !open.isEmpty()) {
                int length = (int) Math.min(CODE_WINDOW + CODE_OVERLAP, mapping.range().end() - start);
                Optional<ByteBuffer> code = memory.read(start, length);
                if (code.isPresent()) {
                    readCode(code.get(), start);
                }
                start += CODE_WINDOW;
            }
        }
    }

    private boolean isNear(Mapping code) {
        return open.keySet().stream()
                .anyMatch(address -> isInt(address - code.range().start()) || isInt(address - code.range().end()) || isInt(address));
    }

    private static boolean isInt(long value) {
        return value == (int) value;
    }

    private void readCode(ByteBuffer code, long start) {
        for (int at = 2; at + 1 + Integer.BYTES <= code.limit(); at++) {
            int first = code.get(at) & 0xff;
            if ((first & REGISTER_MASK) == MOV_IMMEDIATE) {
                accept(Integer.toUnsignedLong(code.getInt(at + 1)));
            }
            boolean relative = (first & MODRM_MASK) == MODRM_RIP
                    && (code.get(at - 1) & 0xff) == LEA
                    && (code.get(at - 2) & REX_MASK) == REX_W;
            if (relative) {
                accept(start + at + 1 + Integer.BYTES + code.getInt(at + 1));
            }
        }
    }

    // ---- memory ----

    /** Called by several threads, while nobody changes what is open. */
    private List<Long> pointers(long[] words) {
        List<Long> found = new ArrayList<>();
        for (long word : words) {
            if (word % Long.BYTES == 0 && word != 0 && open.containsKey(word)) {
                found.add(word);
            }
        }
        return found;
    }
}

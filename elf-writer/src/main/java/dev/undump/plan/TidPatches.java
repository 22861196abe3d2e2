// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Mapping;
import dev.undump.nativestub.ImageLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Collects the memory words that hold thread ids, each once.
 *
 * <p>The stub writes them directly, so that a word in memory without write access is left out; nobody keeps a changing
 * thread id there.
 */
final class TidPatches {

    /** Bits of a futex word that are not the id: FUTEX_WAITERS and FUTEX_OWNER_DIED, linux/futex.h. */
    static final long FUTEX_FLAGS = 0xc0000000L;

    private final CheckpointMemory memory;
    private final Map<Integer, Integer> indexOfTid = new HashMap<>();
    private final TreeMap<Long, TidPatch> patches = new TreeMap<>();

    TidPatches(List<CheckpointThread> threads, CheckpointMemory memory) {
        this.memory = memory;
        for (int i = 0; i < threads.size(); i++) {
            indexOfTid.put(threads.get(i).ownTid(), i);
        }
    }

    boolean isTid(int value) {
        return indexOfTid.containsKey(value);
    }

    /** The old ids, in no order. */
    Iterable<Integer> tids() {
        return indexOfTid.keySet();
    }

    /** Adds a word of four bytes that holds an id. */
    void addInt(long address, int tid, long keepMask) {
        add(address, tid, keepMask, Integer.BYTES);
    }

    /** Adds a word of eight bytes that holds an id. */
    void addLong(long address, int tid) {
        add(address, tid, 0, Long.BYTES);
    }

    /** Adds a word of four bytes that holds the process group. */
    void addGroup(long address) {
        if (isWritable(address, Integer.BYTES)) {
            patches.put(address, new TidPatch(address, 0, ImageLayout.GROUP_ID, Integer.BYTES));
        }
    }

    List<TidPatch> inOrder() {
        return List.copyOf(patches.values());
    }

    private boolean isWritable(long address, int widthBytes) {
        return memory.mappingAt(address)
                .filter(mapping -> (mapping.protection() & Mapping.WRITE) != 0)
                .filter(mapping -> mapping.range().contains(address + widthBytes - 1))
                .isPresent();
    }

    private void add(long address, int tid, long keepMask, int widthBytes) {
        if (isWritable(address, widthBytes) && indexOfTid.containsKey(tid)) {
            patches.put(address, new TidPatch(address, keepMask, indexOfTid.get(tid), widthBytes));
        }
    }
}

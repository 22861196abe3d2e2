// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.MappingKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where ZeroMQ 4 keeps the id of the process that its contexts, mailboxes and reaper belong to. With another one they take themselves for
 * those of a forked child: no thread wakes another, every wait ends as if a signal had come, so that callers try for ever, and the reaper
 * burns a processor.
 *
 * <p>A {@code mailbox_t} has the addresses of two virtual tables of the library, of itself and of its queue, and behind the queue
 * {@code signaler_t}: the event twice and the id. Some of them are part of {@code reaper_t} and {@code ctx_t}, which have ids of their own.
 */
final class ZeroMqIds {

    private static final String MODULE = "zmq_msg_init_size";

    /** From the beginning of a signaler: where its id is, and how far before it its mailbox begins. */
    private static final int ID = 8;

    private static final int MAILBOX = -104;

    /** Of a signaler in a reaper: its poller, sockets being closed, whether it ends, and the reaper's id. */
    private static final int POLLER = 80;

    private static final int REAPED = 88;
    private static final int REAPER_ENDS = 92;
    private static final int REAPER_ID = 96;

    /** Of a signaler in a context, 4.2 and newer: the tag that makes it a context, longest message, three truth values, and the id. */
    private static final int TAG = -272;

    private static final int CONTEXT_TAG = 0xabadcafe;
    private static final int TRUTH_VALUES = 228;
    private static final int TRUTH_MASK = 0xfefefe;
    private static final int CONTEXT_ID = 232;

    private final Checkpoint checkpoint;
    private final CheckpointMemory memory;
    private final TidPatches patches;

    ZeroMqIds(Checkpoint checkpoint, CheckpointMemory memory, TidPatches patches) {
        this.checkpoint = checkpoint;
        this.memory = memory;
        this.patches = patches;
    }

    void find(int pid, List<ExportedSymbols> modules) throws IOException {
        List<ExportedSymbols> libraries = new ArrayList<>();
        for (ExportedSymbols module : modules) {
            if (module.variable(MODULE).isPresent()) {
                libraries.add(module);
            }
        }
        if (libraries.isEmpty()) {
            return;
        }
        DescriptorPairs pairs = new DescriptorPairs(checkpoint, memory);
        for (long id : pairs.followedBy(pid, memory.mappings().stream()
                .filter(mapping -> mapping.kind() == MappingKind.ANONYMOUS || mapping.kind() == MappingKind.PRIVATE_FILE)
                .toList())) {
            long signaler = id - ID;
            Optional<ExportedSymbols> library = libraryOf(signaler, libraries);
            if (library.isPresent()) {
                patches.addInt(id, pid, 0);
                addReaper(signaler, pid, library.get());
                addContext(signaler, pid);
            }
        }
    }

    /** Returns the library whose mailbox has this signaler. */
    private Optional<ExportedSymbols> libraryOf(long signaler, List<ExportedSymbols> libraries) throws IOException {
        OptionalLong mailboxTable = memory.readLong(signaler + MAILBOX);
        OptionalLong queueTable = memory.readLong(signaler + MAILBOX + Long.BYTES);
        if (signaler % Long.BYTES != 0 || mailboxTable.isEmpty() || queueTable.isEmpty()) {
            return Optional.empty();
        }
        return libraries.stream()
                .filter(library -> library.contains(mailboxTable.getAsLong()) && library.contains(queueTable.getAsLong()))
                .findFirst();
    }

    private void addReaper(long signaler, int pid, ExportedSymbols library) throws IOException {
        OptionalLong poller = memory.readLong(signaler + POLLER);
        OptionalLong pollerTable = poller.isEmpty() ? poller : memory.readLong(poller.getAsLong());
        int ends = memory.readInt(signaler + REAPER_ENDS).orElse(-1) & 0xff;
        if (pollerTable.isPresent()
                && library.contains(pollerTable.getAsLong())
                && memory.readInt(signaler + REAPED).orElse(-1) >= 0
                && ends <= 1
                && memory.readInt(signaler + REAPER_ID).orElse(0) == pid) {
            patches.addInt(signaler + REAPER_ID, pid, 0);
        }
    }

    private void addContext(long signaler, int pid) throws IOException {
        if (memory.readInt(signaler + TAG).orElse(0) == CONTEXT_TAG
                && (memory.readInt(signaler + TRUTH_VALUES).orElse(-1) & TRUTH_MASK) == 0
                && memory.readInt(signaler + CONTEXT_ID).orElse(0) == pid) {
            patches.addInt(signaler + CONTEXT_ID, pid, 0);
        }
    }
}

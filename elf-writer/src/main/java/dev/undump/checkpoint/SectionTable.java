// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where in the index which records are. Kinds that this release does not know are skipped. */
final class SectionTable {

    private static final int ENTRY_BYTES = CheckpointLayout.Section.SIZE_BYTES;

    /** Names and record sizes of the kinds that we know, for messages and checks. */
    private record KnownKind(String name, int recordSize) {}

    private static final Map<Integer, KnownKind> KNOWN = Map.ofEntries(
            Map.entry(CheckpointLayout.SECTION_PROCESS, new KnownKind("process", CheckpointLayout.Process.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_THREADS, new KnownKind("threads", CheckpointLayout.Thread.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_RIGHTS, new KnownKind("rights", CheckpointLayout.Rights.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_FILTERS, new KnownKind("seccomp filters", CheckpointLayout.Filter.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_MEMORY_POLICIES,
                    new KnownKind("memory policies", CheckpointLayout.MemoryPolicy.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_XSTATES, new KnownKind("xstates", 1)),
            Map.entry(CheckpointLayout.SECTION_MAPPINGS, new KnownKind("mappings", CheckpointLayout.Mapping.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_EXTENTS, new KnownKind("extents", CheckpointLayout.Extent.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_DESCRIPTORS,
                    new KnownKind("descriptors", CheckpointLayout.Descriptor.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_DESCRIPTIONS,
                    new KnownKind("open files", CheckpointLayout.Description.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_PIPES, new KnownKind("pipes", CheckpointLayout.Pipe.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_EPOLL_ITEMS,
                    new KnownKind("epoll items", CheckpointLayout.EpollItem.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_ACTIONS,
                    new KnownKind("signal actions", CheckpointLayout.SignalAction.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_PENDING,
                    new KnownKind("pending signals", CheckpointLayout.PendingSignal.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_POSIX_TIMERS,
                    new KnownKind("POSIX timers", CheckpointLayout.PosixTimer.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_WATCHES, new KnownKind("watches", CheckpointLayout.Watch.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_FILE_LOCKS,
                    new KnownKind("file locks", CheckpointLayout.FileLock.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_FILE_OWNERS,
                    new KnownKind("owners of files", CheckpointLayout.FileOwner.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_TERMINALS,
                    new KnownKind("terminals", CheckpointLayout.Terminal.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_AUXV, new KnownKind("auxiliary vector", 1)),
            Map.entry(CheckpointLayout.SECTION_CPU, new KnownKind("processor", CheckpointLayout.Cpu.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_CPUID, new KnownKind("cpuid", CheckpointLayout.Cpuid.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_STRINGS, new KnownKind("strings", 1)),
            Map.entry(CheckpointLayout.SECTION_ALLOWANCES, new KnownKind("allowances", CheckpointLayout.String.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_MEMORY_FILES,
                    new KnownKind("memory files", CheckpointLayout.MemoryFile.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_SEGMENTS, new KnownKind("segments", CheckpointLayout.Segment.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_SEMAPHORES,
                    new KnownKind("semaphores", CheckpointLayout.Semaphore.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_FILE_EXTENTS,
                    new KnownKind("file extents", CheckpointLayout.FileExtent.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_INPUTS, new KnownKind("inputs", CheckpointLayout.Input.SIZE_BYTES)),
            Map.entry(CheckpointLayout.SECTION_SOCKETS, new KnownKind("sockets", CheckpointLayout.Socket.SIZE_BYTES)),
            Map.entry(
                    CheckpointLayout.SECTION_SOCKET_OPTIONS,
                    new KnownKind("socket options", CheckpointLayout.SocketOption.SIZE_BYTES)));

    private final Map<Integer, Section> sections;
    private final long fileOffset;

    private SectionTable(Map<Integer, Section> sections, long fileOffset) {
        this.sections = sections;
        this.fileOffset = fileOffset;
    }

    /**
     * Reads the table at the start of the index.
     *
     * @param index all bytes of the index
     * @param place where they stand in the checkpoint
     */
    static SectionTable parse(ByteBuffer index, ByteRange place, int count, Faults faults) throws CheckpointException {
        long tableEnd = (long) ENTRY_BYTES * Integer.toUnsignedLong(count);
        if (tableEnd > index.limit()) {
            throw faults.damaged(
                    CheckpointLayout.Header.SECTION_COUNT,
                    Integer.toUnsignedString(count) + " sections do not fit into an index of " + index.limit() + " bytes");
        }
        Map<Integer, Section> sections = new HashMap<>();
        List<ByteRange> ranges = new ArrayList<>();
        ranges.add(ByteRange.ofLength(place.start(), tableEnd));
        for (int i = 0; i < count; i++) {
            long entryOffset = place.start() + (long) i * ENTRY_BYTES;
            ByteBuffer entry = index.slice(i * ENTRY_BYTES, ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            try {
                int kind = entry.getInt(CheckpointLayout.Section.KIND);
                Section section = section(entry, kind, index, place, ranges);
                Checks.check(sections.put(kind, section) == null, "kind of a second section", kind);
            } catch (IllegalArgumentException e) {
                throw faults.damaged(entryOffset, "section " + i + ": " + e.getMessage(), e);
            }
        }
        if (Overlaps.exist(ranges)) {
            throw faults.damaged(place.start(), "sections overlap");
        }
        return new SectionTable(sections, place.start());
    }

    /** Returns a section; one that the file lacks has no records. */
    Section get(int kind) {
        Section section = sections.get(kind);
        return section != null ? section : Section.empty(KNOWN.get(kind).name(), fileOffset);
    }

    private static Section section(ByteBuffer entry, int kind, ByteBuffer index, ByteRange place, List<ByteRange> ranges) {
        int recordSize = entry.getInt(CheckpointLayout.Section.RECORD_SIZE);
        long size = entry.getLong(CheckpointLayout.Section.SIZE);
        long count = entry.getLong(CheckpointLayout.Section.COUNT);
        KnownKind known = KNOWN.get(kind);
        String name = known == null ? "unknown" : known.name();
        Checks.check(recordSize > 0, "record size of " + name, recordSize);
        Checks.check(known == null || recordSize == known.recordSize(), "record size of " + name, recordSize);
        Checks.check(size >= 0 && size <= index.limit(), "size of " + name, size);
        Checks.check(size % recordSize == 0 && count == size / recordSize, "record count of " + name, count);
        if (size == 0) {
            return Section.empty(name, place.start());
        }
        ByteRange range = ByteRange.ofLength(entry.getLong(CheckpointLayout.Section.OFFSET), size);
        Checks.check(place.contains(range) && range.start() % Long.BYTES == 0, "offset of " + name, range.start());
        ranges.add(range);
        ByteBuffer content = index.slice(Math.toIntExact(range.start() - place.start()), (int) size);
        return new Section(name, content.order(ByteOrder.LITTLE_ENDIAN), range.start(), recordSize, (int) count);
    }
}

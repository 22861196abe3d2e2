// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** Turns sections into records. Each record checks itself here; {@link CrossChecks} then checks how they fit together. */
final class CheckpointDecoder {

    private static final long AT_NULL = 0;
    private static final int AUXV_ENTRY_BYTES = 16;

    private final CheckpointHeader header;
    private final SectionTable sections;
    private final Faults faults;
    private final StringTable strings;

    CheckpointDecoder(CheckpointHeader header, SectionTable sections, Faults faults) throws CheckpointException {
        this.header = header;
        this.sections = sections;
        this.faults = faults;
        Section section = sections.get(CheckpointLayout.SECTION_STRINGS);
        try {
            this.strings = new StringTable(section.content());
        } catch (IllegalArgumentException e) {
            throw faults.damaged(section.fileOffset(), e.getMessage(), e);
        }
    }

    Checkpoint decode() throws CheckpointException {
        Path file = faults.file();
        ByteBuffer xstates = sections.get(CheckpointLayout.SECTION_XSTATES).content();
        return new Checkpoint(
                file,
                header,
                single(CheckpointLayout.SECTION_PROCESS, ProcessDecoder::process),
                all(CheckpointLayout.SECTION_THREADS, view -> ThreadDecoder.thread(view, xstates)),
                identity(),
                mappings(extents()),
                all(CheckpointLayout.SECTION_DESCRIPTORS, CheckpointDecoder::descriptor),
                all(CheckpointLayout.SECTION_DESCRIPTIONS, CheckpointDecoder::openFile),
                all(CheckpointLayout.SECTION_PIPES, CheckpointDecoder::pipe),
                memoryFiles(all(CheckpointLayout.SECTION_FILE_EXTENTS, CheckpointDecoder::fileExtent)),
                all(CheckpointLayout.SECTION_SEGMENTS, CheckpointDecoder::segment),
                all(CheckpointLayout.SECTION_SEMAPHORES, CheckpointDecoder::semaphore),
                sockets(all(CheckpointLayout.SECTION_SOCKET_OPTIONS, SocketDecoder::option)),
                all(CheckpointLayout.SECTION_EPOLL_ITEMS, CheckpointDecoder::epollItem),
                all(CheckpointLayout.SECTION_WATCHES, CheckpointDecoder::watch),
                all(CheckpointLayout.SECTION_FILE_LOCKS, CheckpointDecoder::fileLock),
                all(CheckpointLayout.SECTION_FILE_OWNERS, CheckpointDecoder::fileOwner),
                all(CheckpointLayout.SECTION_TERMINALS, CheckpointDecoder::terminal),
                all(CheckpointLayout.SECTION_ACTIONS, CheckpointDecoder::action),
                all(CheckpointLayout.SECTION_PENDING, CheckpointDecoder::pending),
                all(CheckpointLayout.SECTION_POSIX_TIMERS, CheckpointDecoder::posixTimer),
                auxv(),
                single(CheckpointLayout.SECTION_CPU, CheckpointDecoder::cpu),
                all(CheckpointLayout.SECTION_CPUID, CheckpointDecoder::cpuid),
                all(CheckpointLayout.SECTION_ALLOWANCES, view -> view.textAt(0)),
                all(CheckpointLayout.SECTION_INPUTS, CheckpointDecoder::input));
    }

    private Identity identity() throws CheckpointException {
        List<SeccompFilter> filters = all(CheckpointLayout.SECTION_FILTERS, RightsDecoder::filter);
        return new Identity(
                all(CheckpointLayout.SECTION_RIGHTS, view -> RightsDecoder.rights(view, filters)),
                all(CheckpointLayout.SECTION_MEMORY_POLICIES, RightsDecoder::boundMemory));
    }

    private <T> List<T> all(int kind, Function<RecordView, T> decoder) throws CheckpointException {
        Section section = sections.get(kind);
        List<T> records = new ArrayList<>(section.count());
        for (int i = 0; i < section.count(); i++) {
            records.add(one(section, i, decoder));
        }
        return records;
    }

    private <T> T single(int kind, Function<RecordView, T> decoder) throws CheckpointException {
        Section section = sections.get(kind);
        if (section.count() != 1) {
            throw faults.damaged(section.fileOffset(), "there are " + section.count() + " records of the " + section.name());
        }
        return one(section, 0, decoder);
    }

    private <T> T one(Section section, int index, Function<RecordView, T> decoder) throws CheckpointException {
        try {
            return decoder.apply(section.record(index, strings));
        } catch (IllegalArgumentException e) {
            throw faults.damaged(section.offsetOf(index), section.name() + " " + index + ": " + e.getMessage(), e);
        }
    }

    private List<Mapping> mappings(ExtentList extents) throws CheckpointException {
        return withExtents(
                CheckpointLayout.SECTION_MAPPINGS,
                view -> view.longAt(CheckpointLayout.Mapping.FIRST_EXTENT),
                view -> view.longAt(CheckpointLayout.Mapping.EXTENT_COUNT),
                extents.size(),
                (view, first, count) -> mapping(view, extents.part(first, count)));
    }

    private List<MemoryFile> memoryFiles(List<FileExtent> extents) throws CheckpointException {
        return withExtents(
                CheckpointLayout.SECTION_MEMORY_FILES,
                view -> view.longAt(CheckpointLayout.MemoryFile.FIRST_EXTENT),
                view -> view.longAt(CheckpointLayout.MemoryFile.EXTENT_COUNT),
                extents.size(),
                (view, first, count) -> memoryFile(view, extents.subList(first, first + count)));
    }

    private List<SocketState> sockets(List<SocketOption> options) throws CheckpointException {
        return withExtents(
                CheckpointLayout.SECTION_SOCKETS,
                view -> view.longAt(CheckpointLayout.Socket.FIRST_OPTION),
                view -> view.intAt(CheckpointLayout.Socket.OPTION_COUNT),
                options.size(),
                (view, first, count) -> SocketDecoder.socket(view, options.subList(first, first + count)));
    }

    /** Decodes a record with its extents, of which the first index and the number are told. */
    private interface ExtentsDecoder<T> {
        T decode(RecordView view, int first, int count);
    }

    /** Gives each record its extents or options; they must follow each other without gap or overlap, so that none is used twice. */
    private <T> List<T> withExtents(
            int kind,
            ToLongFunction<RecordView> firstField,
            ToLongFunction<RecordView> countField,
            int extents,
            ExtentsDecoder<T> decoder)
            throws CheckpointException {
        Section section = sections.get(kind);
        List<T> records = new ArrayList<>(section.count());
        int[] next = {0};
        for (int i = 0; i < section.count(); i++) {
            records.add(one(section, i, view -> {
                int count = extentCount(firstField.applyAsLong(view), countField.applyAsLong(view), next[0], extents);
                T record = decoder.decode(view, next[0], count);
                next[0] += count;
                return record;
            }));
        }
        if (next[0] != extents) {
            throw faults.damaged(section.fileOffset(), "extent " + next[0] + " belongs to none of the " + section.name());
        }
        return records;
    }

    private static int extentCount(long first, long count, int next, int size) {
        Checks.check(count >= 0 && count <= size - next, "number of extents", count);
        Checks.check(count == 0 || first == next, "index of the first extent", first);
        return (int) count;
    }

    private static Mapping mapping(RecordView view, List<Extent> extents) {
        return new Mapping(
                new ByteRange(view.longAt(CheckpointLayout.Mapping.START), view.longAt(CheckpointLayout.Mapping.END)),
                MappingKind.ofCode(view.intAt(CheckpointLayout.Mapping.KIND)),
                view.intAt(CheckpointLayout.Mapping.PROTECTION),
                view.intAt(CheckpointLayout.Mapping.FLAGS),
                view.intAt(CheckpointLayout.Mapping.SHARE_ID),
                view.longAt(CheckpointLayout.Mapping.FILE_OFFSET),
                view.longAt(CheckpointLayout.Mapping.INODE),
                view.intAt(CheckpointLayout.Mapping.DEV_MAJOR),
                view.intAt(CheckpointLayout.Mapping.DEV_MINOR),
                view.textAt(CheckpointLayout.Mapping.NAME),
                view.longAt(CheckpointLayout.Mapping.FILE_SIZE),
                view.longAt(CheckpointLayout.Mapping.FILE_MTIME_NS),
                view.longAt(CheckpointLayout.Mapping.FILE_BIRTH_NS),
                extents);
    }

    private ExtentList extents() throws CheckpointException {
        Section section = sections.get(CheckpointLayout.SECTION_EXTENTS);
        ExtentList extents = new ExtentList(section.content(), 0, section.count());
        for (int i = 0; i < section.count(); i++) {
            int index = i;
            one(section, i, view -> extents.get(index));
        }
        return extents;
    }

    private static MemoryFile memoryFile(RecordView view, List<FileExtent> extents) {
        view.reserved(CheckpointLayout.MemoryFile.RESERVED, Long.BYTES);
        return new MemoryFile(
                view.longAt(CheckpointLayout.MemoryFile.INODE),
                view.intAt(CheckpointLayout.MemoryFile.DEV_MAJOR),
                view.intAt(CheckpointLayout.MemoryFile.DEV_MINOR),
                view.longAt(CheckpointLayout.MemoryFile.SIZE),
                view.intAt(CheckpointLayout.MemoryFile.SEALS),
                view.intAt(CheckpointLayout.MemoryFile.MODE),
                view.textAt(CheckpointLayout.MemoryFile.NAME),
                extents);
    }

    private static Segment segment(RecordView view) {
        view.reserved(CheckpointLayout.Segment.RESERVED, Integer.BYTES);
        return new Segment(
                view.intAt(CheckpointLayout.Segment.MEMORY_FILE),
                view.intAt(CheckpointLayout.Segment.ID),
                view.intAt(CheckpointLayout.Segment.KEY),
                view.intAt(CheckpointLayout.Segment.MODE),
                view.intAt(CheckpointLayout.Segment.UID),
                view.intAt(CheckpointLayout.Segment.GID),
                view.intAt(CheckpointLayout.Segment.CREATOR_UID),
                view.intAt(CheckpointLayout.Segment.CREATOR_GID),
                view.longAt(CheckpointLayout.Segment.SIZE),
                view.longAt(CheckpointLayout.Segment.CHANGED_S),
                view.intAt(CheckpointLayout.Segment.FLAGS));
    }

    private static Semaphore semaphore(RecordView view) {
        view.reserved(CheckpointLayout.Semaphore.RESERVED, Integer.BYTES);
        return new Semaphore(
                view.intAt(CheckpointLayout.Semaphore.SET),
                view.intAt(CheckpointLayout.Semaphore.KEY),
                view.intAt(CheckpointLayout.Semaphore.COUNT),
                view.intAt(CheckpointLayout.Semaphore.CREATOR_UID),
                view.intAt(CheckpointLayout.Semaphore.NUMBER),
                view.intAt(CheckpointLayout.Semaphore.ADJUSTMENT),
                view.longAt(CheckpointLayout.Semaphore.CHANGED_S),
                view.textAt(CheckpointLayout.Semaphore.BOOT),
                view.intAt(CheckpointLayout.Semaphore.IPC_NAMESPACE));
    }

    private static Input input(RecordView view) {
        view.reserved(CheckpointLayout.Input.RESERVED, Long.BYTES);
        FileStamp stamp = new FileStamp(
                view.intAt(CheckpointLayout.Input.MODE),
                view.longAt(CheckpointLayout.Input.SIZE),
                view.longAt(CheckpointLayout.Input.INODE),
                view.longAt(CheckpointLayout.Input.MTIME_NS),
                view.longAt(CheckpointLayout.Input.CTIME_NS));
        return new Input(
                view.textAt(CheckpointLayout.Input.PATH),
                InputKind.ofCode(view.intAt(CheckpointLayout.Input.KIND)),
                stamp,
                view.textAt(CheckpointLayout.Input.TARGET));
    }

    private static FileExtent fileExtent(RecordView view) {
        view.reserved(CheckpointLayout.FileExtent.RESERVED, Integer.BYTES);
        return new FileExtent(
                view.longAt(CheckpointLayout.FileExtent.OFFSET),
                view.longAt(CheckpointLayout.FileExtent.LENGTH),
                view.longAt(CheckpointLayout.FileExtent.FILE_OFFSET),
                view.intAt(CheckpointLayout.FileExtent.CRC));
    }

    private static Descriptor descriptor(RecordView view) {
        view.reserved(CheckpointLayout.Descriptor.RESERVED, Integer.BYTES);
        return new Descriptor(
                view.intAt(CheckpointLayout.Descriptor.FD),
                view.intAt(CheckpointLayout.Descriptor.DESCRIPTION),
                view.flagAt(CheckpointLayout.Descriptor.FLAGS, "flags of the descriptor"));
    }

    private static OpenFile openFile(RecordView view) {
        return new OpenFile(
                FileKind.ofCode(view.intAt(CheckpointLayout.Description.KIND)),
                view.intAt(CheckpointLayout.Description.FLAGS),
                view.intAt(CheckpointLayout.Description.OPEN_FLAGS),
                view.intAt(CheckpointLayout.Description.MODE),
                view.longAt(CheckpointLayout.Description.OFFSET),
                view.longAt(CheckpointLayout.Description.INODE),
                view.intAt(CheckpointLayout.Description.DEV_MAJOR),
                view.intAt(CheckpointLayout.Description.DEV_MINOR),
                view.intAt(CheckpointLayout.Description.RDEV_MAJOR),
                view.intAt(CheckpointLayout.Description.RDEV_MINOR),
                view.longAt(CheckpointLayout.Description.SIZE),
                view.longAt(CheckpointLayout.Description.MTIME_NS),
                view.textAt(CheckpointLayout.Description.PATH),
                view.longAt(CheckpointLayout.Description.DATA_OFFSET),
                view.longAt(CheckpointLayout.Description.DATA_SIZE),
                view.intAt(CheckpointLayout.Description.DATA_CRC),
                view.longsAt(CheckpointLayout.Description.VALUES, CheckpointLayout.Description.VALUES_BYTES),
                view.longAt(CheckpointLayout.Description.VALUE_EXTRA),
                view.intAt(CheckpointLayout.Description.OBJECT));
    }

    private static PipeState pipe(RecordView view) {
        return new PipeState(
                view.longAt(CheckpointLayout.Pipe.INODE),
                view.intAt(CheckpointLayout.Pipe.CAPACITY),
                view.flagAt(CheckpointLayout.Pipe.FLAGS, "flags of the pipe"),
                view.longAt(CheckpointLayout.Pipe.DATA_OFFSET),
                view.longAt(CheckpointLayout.Pipe.DATA_SIZE),
                view.intAt(CheckpointLayout.Pipe.PACKET_COUNT),
                view.intAt(CheckpointLayout.Pipe.DATA_CRC));
    }

    private static EpollItem epollItem(RecordView view) {
        view.reserved(CheckpointLayout.EpollItem.RESERVED, Integer.BYTES);
        return new EpollItem(
                view.intAt(CheckpointLayout.EpollItem.DESCRIPTION),
                view.intAt(CheckpointLayout.EpollItem.FD),
                view.intAt(CheckpointLayout.EpollItem.EVENTS),
                view.longAt(CheckpointLayout.EpollItem.DATA));
    }

    private static Watch watch(RecordView view) {
        view.reserved(CheckpointLayout.Watch.RESERVED, Integer.BYTES);
        return new Watch(
                view.intAt(CheckpointLayout.Watch.DESCRIPTION),
                view.intAt(CheckpointLayout.Watch.NUMBER),
                view.intAt(CheckpointLayout.Watch.MASK),
                view.textAt(CheckpointLayout.Watch.PATH));
    }

    private static FileLock fileLock(RecordView view) {
        view.reserved(CheckpointLayout.FileLock.RESERVED, Integer.BYTES);
        return new FileLock(
                view.intAt(CheckpointLayout.FileLock.DESCRIPTION),
                view.intAt(CheckpointLayout.FileLock.KIND),
                view.flagAt(CheckpointLayout.FileLock.EXCLUSIVE, "exclusiveness of a lock"),
                view.longAt(CheckpointLayout.FileLock.START),
                view.longAt(CheckpointLayout.FileLock.LENGTH));
    }

    private static FileOwner fileOwner(RecordView view) {
        return new FileOwner(
                view.intAt(CheckpointLayout.FileOwner.DESCRIPTION),
                view.intAt(CheckpointLayout.FileOwner.KIND),
                threadId(view.intAt(CheckpointLayout.FileOwner.TID)),
                view.intAt(CheckpointLayout.FileOwner.SIGNAL));
    }

    private static Terminal terminal(RecordView view) {
        view.reserved(CheckpointLayout.Terminal.RESERVED, Integer.BYTES);
        return new Terminal(
                view.intAt(CheckpointLayout.Terminal.DESCRIPTION),
                view.intAt(CheckpointLayout.Terminal.FLAGS),
                view.intAt(CheckpointLayout.Terminal.INPUT_FLAGS),
                view.intAt(CheckpointLayout.Terminal.OUTPUT_FLAGS),
                view.intAt(CheckpointLayout.Terminal.CONTROL_FLAGS),
                view.intAt(CheckpointLayout.Terminal.LOCAL_FLAGS),
                view.byteAt(CheckpointLayout.Terminal.LINE),
                view.bytesAt(CheckpointLayout.Terminal.CHARACTERS, CheckpointLayout.Terminal.CHARACTERS_BYTES),
                view.shortAt(CheckpointLayout.Terminal.ROWS),
                view.shortAt(CheckpointLayout.Terminal.COLUMNS),
                view.intAt(CheckpointLayout.Terminal.DEVICE_MAJOR),
                view.intAt(CheckpointLayout.Terminal.DEVICE_MINOR));
    }

    private static SignalAction action(RecordView view) {
        view.reserved(CheckpointLayout.SignalAction.RESERVED, Integer.BYTES);
        return new SignalAction(
                view.intAt(CheckpointLayout.SignalAction.SIGNAL),
                view.longAt(CheckpointLayout.SignalAction.HANDLER),
                view.longAt(CheckpointLayout.SignalAction.FLAGS),
                view.longAt(CheckpointLayout.SignalAction.RESTORER),
                view.longAt(CheckpointLayout.SignalAction.MASK));
    }

    private static PendingSignal pending(RecordView view) {
        return new PendingSignal(
                view.intAt(CheckpointLayout.PendingSignal.TID),
                view.intAt(CheckpointLayout.PendingSignal.SIGNAL),
                view.bytesAt(CheckpointLayout.PendingSignal.INFO, CheckpointLayout.PendingSignal.INFO_BYTES));
    }

    private static PosixTimer posixTimer(RecordView view) {
        return new PosixTimer(
                view.intAt(CheckpointLayout.PosixTimer.ID),
                view.intAt(CheckpointLayout.PosixTimer.CLOCK),
                threadId(view.intAt(CheckpointLayout.PosixTimer.CLOCK_TID)),
                view.intAt(CheckpointLayout.PosixTimer.NOTIFY),
                view.intAt(CheckpointLayout.PosixTimer.SIGNAL),
                threadId(view.intAt(CheckpointLayout.PosixTimer.TID)),
                view.longAt(CheckpointLayout.PosixTimer.VALUE),
                view.longAt(CheckpointLayout.PosixTimer.INTERVAL_NS),
                view.longAt(CheckpointLayout.PosixTimer.REMAINING_NS));
    }

    private static OptionalInt threadId(int tid) {
        return tid == 0 ? OptionalInt.empty() : OptionalInt.of(tid);
    }

    private static Cpu cpu(RecordView view) {
        view.reserved(CheckpointLayout.Cpu.RESERVED, Integer.BYTES);
        return new Cpu(
                view.paddedTextAt(CheckpointLayout.Cpu.VENDOR, CheckpointLayout.Cpu.VENDOR_BYTES, "vendor"),
                view.paddedTextAt(CheckpointLayout.Cpu.MODEL, CheckpointLayout.Cpu.MODEL_BYTES, "model"),
                view.longAt(CheckpointLayout.Cpu.XCR0),
                view.intAt(CheckpointLayout.Cpu.XSAVE_SIZE),
                view.intAt(CheckpointLayout.Cpu.XSAVEC_SIZE),
                view.intAt(CheckpointLayout.Cpu.MIN_SIGSTACK));
    }

    private static CpuidLeaf cpuid(RecordView view) {
        return new CpuidLeaf(
                view.intAt(CheckpointLayout.Cpuid.LEAF),
                view.intAt(CheckpointLayout.Cpuid.SUBLEAF),
                view.intAt(CheckpointLayout.Cpuid.EAX),
                view.intAt(CheckpointLayout.Cpuid.EBX),
                view.intAt(CheckpointLayout.Cpuid.ECX),
                view.intAt(CheckpointLayout.Cpuid.EDX));
    }

    /** The kernel ends the vector with {@code AT_NULL} and may pad behind it. */
    private List<AuxiliaryEntry> auxv() throws CheckpointException {
        Section section = sections.get(CheckpointLayout.SECTION_AUXV);
        List<AuxiliaryEntry> entries = new ArrayList<>();
        ByteBuffer content = section.content();
        for (int at = 0; at + AUXV_ENTRY_BYTES <= content.limit(); at += AUXV_ENTRY_BYTES) {
            if (content.getLong(at) == AT_NULL) {
                return entries;
            }
            entries.add(new AuxiliaryEntry(content.getLong(at), content.getLong(at + Long.BYTES)));
        }
        if (content.limit() != 0) {
            throw faults.damaged(section.fileOffset(), "the auxiliary vector has no end");
        }
        return entries;
    }
}

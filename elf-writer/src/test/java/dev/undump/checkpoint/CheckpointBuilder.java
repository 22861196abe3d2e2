// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Header;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Writes checkpoints for tests, from records. Places in the file and checksums are its business: what a record says about them
 * is replaced. Starts with a valid minimal process: one thread and no memory.
 */
public final class CheckpointBuilder {

    private static final int PAGE = CheckpointLayout.PAGE_SIZE;

    /** What an extent shall hold: bytes, or a length for kinds without. */
    private record Content(long address, ExtentKind kind, byte[] bytes, long lengthBytes) {}

    private CheckpointProcess process = CheckpointSamples.process(1000);
    private Cpu cpu = CheckpointSamples.cpu();
    private CheckpointId id = new CheckpointId(0x0123456789abcdefL, 0x1122334455667788L);
    private final List<CheckpointThread> threads = new ArrayList<>();
    private final List<ThreadRights> rights = new ArrayList<>();
    private final List<BoundMemory> boundMemory = new ArrayList<>();
    private final List<Mapping> mappings = new ArrayList<>();
    private final List<Content> contents = new ArrayList<>();
    private final List<Descriptor> descriptors = new ArrayList<>();
    private final List<OpenFile> openFiles = new ArrayList<>();
    private final List<byte[]> fileContents = new ArrayList<>();
    private final List<PipeState> pipes = new ArrayList<>();
    private final List<byte[]> pipeContents = new ArrayList<>();
    private final List<MemoryFile> memoryFiles = new ArrayList<>();
    private final List<SortedMap<Long, byte[]>> memoryContents = new ArrayList<>();
    private final List<SocketState> sockets = new ArrayList<>();
    private final List<byte[]> socketContents = new ArrayList<>();
    private final List<EpollItem> epollItems = new ArrayList<>();
    private final List<Watch> watches = new ArrayList<>();
    private final List<FileLock> fileLocks = new ArrayList<>();
    private final List<FileOwner> fileOwners = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private final List<Semaphore> semaphores = new ArrayList<>();
    private final List<Terminal> terminals = new ArrayList<>();
    private final List<SignalAction> actions = new ArrayList<>();
    private final List<PendingSignal> pending = new ArrayList<>();
    private final List<PosixTimer> posixTimers = new ArrayList<>();
    private final List<AuxiliaryEntry> auxv = new ArrayList<>();
    private final List<CpuidLeaf> cpuid = new ArrayList<>();
    private final List<NativeText> allowances = new ArrayList<>();
    private final List<Input> inputs = new ArrayList<>();

    public CheckpointBuilder id(CheckpointId value) {
        id = value;
        return this;
    }

    public CheckpointBuilder process(CheckpointProcess value) {
        process = value;
        return this;
    }

    public CheckpointBuilder cpu(Cpu value) {
        cpu = value;
        return this;
    }

    /** Adds a thread; the first one replaces the leader of the minimal process. */
    public CheckpointBuilder thread(CheckpointThread thread) {
        threads.add(thread);
        return this;
    }

    /** Adds the rights of the next thread: of each, or of none. */
    public CheckpointBuilder rights(ThreadRights itsRights) {
        rights.add(itsRights);
        return this;
    }

    public CheckpointBuilder boundMemory(BoundMemory bound) {
        boundMemory.add(bound);
        return this;
    }

    /** Adds a mapping, in any order; its extents come from {@link #bytes} and {@link #pages}. */
    public CheckpointBuilder mapping(Mapping mapping) {
        mappings.add(mapping);
        return this;
    }

    /** Adds an extent with bytes, padded with zeros to whole pages. */
    public CheckpointBuilder bytes(long address, ExtentKind kind, byte[] bytes) {
        contents.add(new Content(address, kind, bytes.clone(), paddedSize(bytes.length)));
        return this;
    }

    /** Adds an extent of a kind without bytes. */
    public CheckpointBuilder pages(long address, ExtentKind kind, long lengthBytes) {
        contents.add(new Content(address, kind, null, lengthBytes));
        return this;
    }

    public CheckpointBuilder descriptor(Descriptor descriptor) {
        descriptors.add(descriptor);
        return this;
    }

    public CheckpointBuilder openFile(OpenFile file) {
        return openFile(file, new byte[0]);
    }

    /** Adds an open file with the contents of a deleted file. */
    public CheckpointBuilder openFile(OpenFile file, byte[] content) {
        openFiles.add(file);
        fileContents.add(content.clone());
        return this;
    }

    public CheckpointBuilder pipe(PipeState pipe, byte[] content) {
        pipes.add(pipe);
        pipeContents.add(content.clone());
        return this;
    }

    /**
     * Adds a memory file.
     *
     * @param contents by offset, padded with zeros to whole pages
     */
    public CheckpointBuilder memoryFile(String name, long sizeBytes, int seals, Map<Long, byte[]> contents) {
        memoryFiles.add(new MemoryFile(
                900 + memoryFiles.size(), 0, 1, sizeBytes, seals, 0100777, NativeText.of(name), List.of()));
        memoryContents.add(new TreeMap<>(contents));
        return this;
    }

    /** Adds a socket with what waits in it to be received. */
    public CheckpointBuilder socket(SocketState socket, byte[] content) {
        sockets.add(socket);
        socketContents.add(content.clone());
        return this;
    }

    public CheckpointBuilder epollItem(EpollItem item) {
        epollItems.add(item);
        return this;
    }

    public CheckpointBuilder watch(Watch watch) {
        watches.add(watch);
        return this;
    }

    public CheckpointBuilder segment(Segment segment) {
        segments.add(segment);
        return this;
    }

    public CheckpointBuilder semaphore(Semaphore semaphore) {
        semaphores.add(semaphore);
        return this;
    }

    public CheckpointBuilder fileLock(FileLock lock) {
        fileLocks.add(lock);
        return this;
    }

    public CheckpointBuilder fileOwner(FileOwner owner) {
        fileOwners.add(owner);
        return this;
    }

    public CheckpointBuilder terminal(Terminal terminal) {
        terminals.add(terminal);
        return this;
    }

    public CheckpointBuilder action(SignalAction action) {
        actions.add(action);
        return this;
    }

    public CheckpointBuilder pending(PendingSignal signal) {
        pending.add(signal);
        return this;
    }

    public CheckpointBuilder posixTimer(PosixTimer timer) {
        posixTimers.add(timer);
        return this;
    }

    public CheckpointBuilder auxiliary(AuxiliaryEntry entry) {
        auxv.add(entry);
        return this;
    }

    public CheckpointBuilder cpuid(CpuidLeaf leaf) {
        cpuid.add(leaf);
        return this;
    }

    public CheckpointBuilder allowance(String word) {
        return allowance(NativeText.of(word));
    }

    public CheckpointBuilder allowance(NativeText word) {
        allowances.add(word);
        return this;
    }

    /** Adds an input; the paths must be in order. */
    public CheckpointBuilder input(Input input) {
        inputs.add(input);
        return this;
    }

    /** Writes the checkpoint to a file and returns the file. */
    public Path write(Path file) throws IOException {
        return Files.write(file, build());
    }

    /** Returns the checkpoint as bytes; the same input gives the same bytes. */
    public byte[] build() {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        RecordEncoder records = encode(data);
        long indexOffset = PAGE + data.size();
        byte[] index = records.index(indexOffset);
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(indexOffset + index.length)).order(ByteOrder.LITTLE_ENDIAN);
        file.put(Header.MAGIC, CheckpointLayout.MAGIC.getBytes(StandardCharsets.US_ASCII));
        file.putInt(Header.VERSION, CheckpointLayout.VERSION);
        file.putInt(Header.HEADER_SIZE, Header.SIZE_BYTES);
        file.putLong(Header.TOTAL_SIZE, file.capacity());
        file.putLong(Header.DATA_OFFSET, PAGE);
        file.putLong(Header.DATA_SIZE, data.size());
        file.putLong(Header.INDEX_OFFSET, indexOffset);
        file.putLong(Header.INDEX_SIZE, index.length);
        file.putInt(Header.SECTION_COUNT, records.sectionCount());
        file.putInt(Header.PAGE_SIZE, PAGE);
        file.putInt(Header.ARCH, CheckpointLayout.ARCH_X86_64);
        byte[] idBytes = ByteBuffer.allocate(Header.ID_BYTES).putLong(id.high()).putLong(id.low()).array();
        file.put(Header.ID, idBytes);
        file.put(PAGE, data.toByteArray());
        file.put((int) indexOffset, index);
        fixChecksums(file.array());
        return file.array();
    }

    /** Computes both checksums of a file anew, after it was changed. Numbers that lead outside the file are left alone. */
    public static void fixChecksums(byte[] file) {
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long offset = buffer.getLong(Header.INDEX_OFFSET);
        long size = buffer.getLong(Header.INDEX_SIZE);
        if (offset >= 0 && size >= 0 && offset <= file.length && size <= file.length - offset) {
            buffer.putInt(Header.INDEX_CRC, crc(file, (int) offset, (int) size));
        }
        fixHeaderChecksum(buffer);
    }

    /** The same for a header with its index right behind it. */
    static void fixSummaryChecksums(byte[] summary) {
        ByteBuffer buffer = ByteBuffer.wrap(summary).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(Header.INDEX_CRC, crc(summary, Header.SIZE_BYTES, summary.length - Header.SIZE_BYTES));
        fixHeaderChecksum(buffer);
    }

    private static void fixHeaderChecksum(ByteBuffer buffer) {
        buffer.putInt(Header.HEADER_CRC, 0);
        buffer.putInt(Header.HEADER_CRC, crc(buffer.array(), 0, Header.SIZE_BYTES));
    }

    private RecordEncoder encode(ByteArrayOutputStream data) {
        RecordEncoder records = new RecordEncoder();
        records.process(process);
        if (threads.isEmpty()) {
            threads.add(CheckpointSamples.thread(process.ids().pid()));
        }
        threads.forEach(records::thread);
        rights.forEach(records::rights);
        boundMemory.forEach(records::boundMemory);
        mappings.stream()
                .sorted((a, b) -> a.range().compareTo(b.range()))
                .forEach(mapping -> records.mapping(withExtents(mapping, data)));
        descriptors.forEach(records::descriptor);
        for (int i = 0; i < openFiles.size(); i++) {
            records.openFile(withPlace(openFiles.get(i), place(fileContents.get(i), data), fileContents.get(i)));
        }
        for (int i = 0; i < pipes.size(); i++) {
            records.pipe(withPlace(pipes.get(i), place(pipeContents.get(i), data), pipeContents.get(i)));
        }
        for (int i = 0; i < memoryFiles.size(); i++) {
            records.memoryFile(withExtents(memoryFiles.get(i), memoryContents.get(i), data));
        }
        for (int i = 0; i < sockets.size(); i++) {
            records.socket(withPlace(sockets.get(i), place(socketContents.get(i), data), socketContents.get(i)));
        }
        epollItems.forEach(records::epollItem);
        watches.forEach(records::watch);
        fileLocks.forEach(records::fileLock);
        fileOwners.forEach(records::fileOwner);
        segments.forEach(records::segment);
        semaphores.forEach(records::semaphore);
        terminals.forEach(records::terminal);
        actions.forEach(records::action);
        pending.forEach(records::pending);
        posixTimers.forEach(records::posixTimer);
        records.auxv(auxv);
        records.cpu(cpu);
        cpuid.forEach(records::cpuid);
        allowances.forEach(records::allowance);
        inputs.forEach(records::input);
        return records;
    }

    private Mapping withExtents(Mapping mapping, ByteArrayOutputStream data) {
        List<Extent> extents = contents.stream()
                .filter(content -> mapping.range().contains(content.address()))
                .sorted((a, b) -> Long.compare(a.address(), b.address()))
                .map(content -> extent(content, data))
                .toList();
        return mapping.part(mapping.range(), extents);
    }

    private static MemoryFile withExtents(MemoryFile file, SortedMap<Long, byte[]> contents, ByteArrayOutputStream data) {
        List<FileExtent> extents = new ArrayList<>();
        contents.forEach((offset, bytes) -> {
            byte[] padded = Arrays.copyOf(bytes, Math.toIntExact(paddedSize(bytes.length)));
            extents.add(new FileExtent(offset, padded.length, place(padded, data), crc(padded, 0, padded.length)));
        });
        return new MemoryFile(
                file.inode(),
                file.deviceMajor(),
                file.deviceMinor(),
                file.sizeBytes(),
                file.seals(),
                file.mode(),
                file.name(),
                extents);
    }

    private static Extent extent(Content content, ByteArrayOutputStream data) {
        if (content.bytes() == null) {
            return new Extent(content.address(), content.lengthBytes(), 0, content.kind(), 0);
        }
        byte[] padded = new byte[Math.toIntExact(content.lengthBytes())];
        System.arraycopy(content.bytes(), 0, padded, 0, content.bytes().length);
        long offset = place(padded, data);
        return new Extent(content.address(), padded.length, offset, content.kind(), crc(padded, 0, padded.length));
    }

    private static OpenFile withPlace(OpenFile file, long offset, byte[] content) {
        return new OpenFile(
                file.kind(),
                file.flags(),
                file.openFlags(),
                file.mode(),
                file.offset(),
                file.inode(),
                file.deviceMajor(),
                file.deviceMinor(),
                file.rdevMajor(),
                file.rdevMinor(),
                file.size(),
                file.mtimeNs(),
                file.path(),
                offset,
                content.length,
                content.length == 0 ? 0 : crc(content, 0, content.length),
                file.values(),
                file.valueExtra(),
                file.object());
    }

    private static PipeState withPlace(PipeState pipe, long offset, byte[] content) {
        int crc = content.length == 0 ? 0 : crc(content, 0, content.length);
        return new PipeState(
                pipe.inode(), pipe.capacity(), pipe.packetMode(), offset, content.length, pipe.packetCount(), crc);
    }

    private static SocketState withPlace(SocketState socket, long offset, byte[] content) {
        int crc = content.length == 0 ? 0 : crc(content, 0, content.length);
        return new SocketState(
                socket.inode(),
                socket.family(),
                socket.type(),
                socket.protocol(),
                socket.kind(),
                socket.flags(),
                socket.backlog(),
                socket.shutdown(),
                socket.peer(),
                socket.local(),
                socket.remote(),
                socket.directory(),
                offset,
                content.length,
                socket.packetCount(),
                crc,
                socket.fileMode(),
                socket.options());
    }

    /** Appends bytes to the data area, padded to whole pages; returns their offset in the file, 0 when there are none. */
    private static long place(byte[] bytes, ByteArrayOutputStream data) {
        if (bytes.length == 0) {
            return 0;
        }
        long offset = PAGE + data.size();
        data.writeBytes(bytes);
        data.writeBytes(new byte[Math.toIntExact(paddedSize(bytes.length) - bytes.length)]);
        return offset;
    }

    private static long paddedSize(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    private static int crc(byte[] bytes, int offset, int size) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, size);
        return (int) crc.getValue();
    }
}

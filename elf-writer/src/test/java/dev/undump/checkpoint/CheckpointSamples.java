// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Records with plausible and, field by field, different values, for tests. */
public final class CheckpointSamples {

    public static final long CODE = 0x400000;
    public static final long HEAP = 0x1000000;
    public static final long SHARED = 0x7f0000000000L;
    public static final long GUARDED = 0x7f1000000000L;
    public static final long VVAR = 0x7ffff7fbd000L;
    public static final long VDSO = 0x7ffff7fc1000L;
    public static final long STACK = 0x7ffffffde000L;
    public static final int PAGE = CheckpointLayout.PAGE_SIZE;

    private CheckpointSamples() {}

    public static CheckpointProcess process(int pid) {
        return process(pid, false, unlimited());
    }

    public static CheckpointProcess processLaunchedByCkpt(int pid) {
        return process(pid, true, unlimited());
    }

    /** Returns a process of which one resource, {@code RLIMIT_*}, is limited. */
    public static CheckpointProcess processWithLimit(int pid, int resource, long soft) {
        List<Rlimit> limits = new ArrayList<>(unlimited());
        limits.set(resource, new Rlimit(soft, Rlimit.UNLIMITED));
        return process(pid, false, limits);
    }

    private static List<Rlimit> unlimited() {
        return Collections.nCopies(CheckpointProcess.RLIMITS, new Rlimit(Rlimit.UNLIMITED, Rlimit.UNLIMITED));
    }

    private static CheckpointProcess process(int pid, boolean launchedByCkpt, List<Rlimit> limits) {
        return new CheckpointProcess(
                new ProcessIds(pid, pid, 1, pid, 900, 1001, 1002),
                new ProcessSettings(022, 1, false, false, 0, 0, 0),
                Trigger.PID,
                launchedByCkpt,
                new MemoryMarks(
                        CODE,
                        CODE + 0x800,
                        CODE + 0x1000,
                        CODE + 0x1800,
                        HEAP,
                        HEAP + 0x3000,
                        STACK + 0x1000,
                        STACK + 0x1100,
                        STACK + 0x1120,
                        STACK + 0x1120,
                        STACK + 0x1180),
                new CaptureMoment(1_700_000_000_000_000_000L, 5_000_000_000L, 6_000_000_000L, 2_500_000L, true),
                3 * PAGE,
                NativeText.of("/usr/bin/sample"),
                NativeText.of("sample\0--count\0" + "3\0"),
                NativeText.of("/"),
                NativeText.of("sample"),
                NativeText.of("6.1.0-13-amd64"),
                NativeText.of("#1 SMP"),
                NativeText.of("ckpt 1.0.0"),
                false,
                List.of(new IntervalTimer(0, 0), new IntervalTimer(0, 0), new IntervalTimer(0, 0)),
                limits,
                0,
                true,
                0);
    }

    public static Cpu cpu() {
        return new Cpu(NativeText.of("GenuineTest"), NativeText.of("Test processor @ 1 GHz"), 0xe7, 2696, 2440, 3632);
    }

    /** Returns a thread that ran, with the same id inside and outside. */
    public static CheckpointThread thread(int tid) {
        return thread(tid, Optional.empty());
    }

    public static CheckpointThread thread(int tid, Optional<InterruptedCall> call) {
        return new CheckpointThread(
                tid,
                tid,
                registers(tid),
                xstate(tid),
                call,
                0,
                new AlternateStack(0, 0, 2),
                0,
                new RobustList(HEAP + 0x100, 24),
                new RseqRegistration(HEAP + 0x200, 32, 0x53053053),
                HEAP + 0x300,
                new Scheduling(0, 0, 0, 0, 0, 0, 0, 50_000),
                affinity(),
                NativeText.of("sample"),
                call.isPresent() ? NativeText.of("hrtimer_nanosleep") : NativeText.EMPTY);
    }

    /** Returns registers that all differ, executing in the code mapping on the stack mapping. */
    public static Registers registers(long seed) {
        long s = seed << 32;
        return new Registers(
                s + 15, s + 14, s + 13, s + 12, s + 105, s + 103, s + 11, s + 10, s + 9, s + 8, s + 100, s + 101, s + 102, s + 106,
                s + 107, 0xffffffffffffffffL, CODE + 0x123, 0x33, 0x246, STACK + 0x800, 0x2b, HEAP + 0x1000, 0, 0, 0, 0, 0);
    }

    /** Returns an xsave area with x87 and SSE in their initial state. */
    public static Bytes xstate(int seed) {
        byte[] area = new byte[832];
        area[0] = 0x7f;
        area[1] = 0x03;
        area[24] = (byte) 0x80;
        area[25] = 0x1f;
        area[160] = (byte) seed;
        area[512] = 3;
        return Bytes.copyOf(area);
    }

    public static Affinity affinity() {
        Long[] words = new Long[Affinity.WORDS];
        Arrays.fill(words, 0L);
        words[0] = 3L;
        return new Affinity(List.of(words));
    }

    /** Returns a mapping without extents. */
    public static Mapping mapping(long start, long pages, MappingKind kind, int protection, int flags, String name) {
        int shareId = kind == MappingKind.SHARED_ANONYMOUS ? 1 : 0;
        boolean file = kind == MappingKind.PRIVATE_FILE || kind == MappingKind.SHARED_FILE;
        return new Mapping(
                ByteRange.ofLength(start, pages * PAGE),
                kind,
                protection,
                flags,
                shareId,
                0,
                file ? 4711 : 0,
                file ? 8 : 0,
                file ? 1 : 0,
                NativeText.of(name),
                file ? pages * PAGE : 0,
                file ? 1_600_000_000_000_000_000L : 0,
                List.of());
    }

    /** Returns a file that is open for reading and writing. */
    public static OpenFile openFile(FileKind kind, String path) {
        return openFile(kind, path, 2);
    }

    public static OpenFile openFile(FileKind kind, String path, int openFlags) {
        List<Long> values = List.of(0L, 0L, 0L, 0L);
        return new OpenFile(
                kind, 0, openFlags, 0100644, 0, 77, 8, 1, 0, 0, 0, 0, NativeText.of(path), 0, 0, 0, values, 0, 0);
    }

    /** Returns a mapping of one of the checkpoint's memory files. */
    public static Mapping view(
            int memoryFile, long start, long pages, MappingKind kind, int protection, int flags, long fileOffset) {
        return new Mapping(
                ByteRange.ofLength(start, pages * PAGE),
                kind,
                protection,
                flags | CheckpointLayout.VMA_DELETED,
                memoryFile + 1,
                fileOffset,
                900 + memoryFile,
                0,
                1,
                NativeText.of("/memfd:sample"),
                0,
                0,
                List.of());
    }

    /** Returns an opening of one of the checkpoint's memory files. */
    public static OpenFile openMemoryFile(int memoryFile, int openFlags, long offset) {
        List<Long> values = List.of(0L, 0L, 0L, 0L);
        NativeText path = NativeText.of("/memfd:sample");
        return new OpenFile(
                FileKind.MEMFD, 0, openFlags, 0100777, offset, 900 + memoryFile, 0, 1, 0, 0, 0, 0, path, 0, 0, 0, values, 0,
                memoryFile);
    }

    /** Returns a builder of a process with at least one record of every kind. */
    public static CheckpointBuilder everything() {
        int pid = 1000;
        byte[] info = new byte[PendingSignal.INFO_BYTES];
        info[0] = 10;
        return memory(new CheckpointBuilder())
                .process(process(pid))
                .thread(thread(pid, Optional.of(new InterruptedCall(230, -516, 1_500_000_000L))))
                .thread(thread(1001))
                .thread(thread(1003, Optional.of(new InterruptedCall(202, -512, 0))))
                .rights(RightsSamples.filtered(RightsSamples.ALLOW_ALL, RightsSamples.ALLOW_ALL))
                .rights(RightsSamples.user(1001))
                .rights(RightsSamples.root(0x1ff, 0x3ff))
                .boundMemory(new BoundMemory(ByteRange.ofLength(HEAP, PAGE), new MemoryPolicy(2, 5)))
                .openFile(openFile(FileKind.TERMINAL, "/dev/pts/3"))
                .openFile(openFile(FileKind.DELETED, "/tmp/scratch"), "still here".getBytes(StandardCharsets.UTF_8))
                .openFile(openFile(FileKind.PIPE, "pipe:[55]", 0))
                .openFile(openFile(FileKind.EPOLL, "anon_inode:[eventpoll]"))
                .openFile(openFile(FileKind.REGULAR, "/var/log/sample.log"))
                .openFile(openFile(FileKind.INOTIFY, "anon_inode:inotify"))
                .descriptor(new Descriptor(0, 0, false))
                .descriptor(new Descriptor(1, 0, false))
                .descriptor(new Descriptor(5, 1, true))
                .descriptor(new Descriptor(6, 2, false))
                .descriptor(new Descriptor(7, 3, true))
                .descriptor(new Descriptor(1023, 4, false))
                .descriptor(new Descriptor(1024, 5, false))
                .watch(new Watch(5, 3, 0x102, NativeText.of("/var/log")))
                .pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), "in flight".getBytes(StandardCharsets.UTF_8))
                .epollItem(new EpollItem(3, 6, 1, 0xdeadbeefL))
                .fileLock(new FileLock(4, CheckpointLayout.LOCK_PROCESS, true, 100, 0))
                .terminal(terminal(0, 3, 0x8a3b))
                .fileOwner(new FileOwner(0, CheckpointLayout.OWNER_PROCESS, OptionalInt.empty(), 0))
                .fileOwner(new FileOwner(2, CheckpointLayout.OWNER_THREAD, OptionalInt.of(1001), 40))
                .action(new SignalAction(10, CODE + 0x200, 0x14000000L, CODE + 0x300, 0x4000))
                .action(new SignalAction(13, 1, 0, 0, 0))
                .pending(new PendingSignal(0, 10, Bytes.copyOf(info)))
                .pending(new PendingSignal(1003, 34, Bytes.copyOf(info)))
                .posixTimer(new PosixTimer(2, 1, OptionalInt.empty(), 0, 34, OptionalInt.empty(), 77, 5_000, 4_000))
                .posixTimer(new PosixTimer(
                        7, 6, OptionalInt.of(1001), PosixTimer.NOTIFY_THREAD_ID, 32, OptionalInt.of(1003), HEAP, 0, 9_000))
                .auxiliary(new AuxiliaryEntry(33, VDSO))
                .auxiliary(new AuxiliaryEntry(6, PAGE))
                .cpuid(new CpuidLeaf(1, 0, 1, 2, 3, 4))
                .cpuid(new CpuidLeaf(7, 0, 5, 6, 7, 8))
                .allowance("tcp-closed")
                .input(input("/etc/sample.conf", InputKind.FILE, 0100644, ""))
                .input(input("/etc/sample.d", InputKind.DIRECTORY, 040755, ""))
                .input(input("/etc/sample.link", InputKind.LINK, 0120777, "sample.conf"))
                .input(new Input(NativeText.of("/etc/sample.none"), InputKind.MISSING, FileStamp.NONE, NativeText.EMPTY));
    }

    private static Input input(String path, InputKind kind, int mode, String target) {
        FileStamp stamp = new FileStamp(mode, 11, 4711, 1_700_000_000_123_456_789L, 1_700_000_001_000_000_000L);
        return new Input(NativeText.of(path), kind, stamp, NativeText.of(target));
    }

    private static CheckpointBuilder memory(CheckpointBuilder builder) {
        int readWrite = Mapping.READ | Mapping.WRITE;
        int stackFlags = CheckpointLayout.VMA_STACK | CheckpointLayout.VMA_GROWSDOWN;
        return builder.mapping(
                        mapping(CODE, 4, MappingKind.PRIVATE_FILE, Mapping.READ | Mapping.EXECUTE, 0, "/usr/bin/sample"))
                .bytes(CODE, ExtentKind.FILE, codeWithSystemCall())
                .bytes(CODE + PAGE, ExtentKind.PRIVATE, filled(PAGE, 0xcc))
                .pages(CODE + 3 * PAGE, ExtentKind.BEYOND_EOF, PAGE)
                .mapping(mapping(HEAP, 3, MappingKind.ANONYMOUS, readWrite, CheckpointLayout.VMA_HEAP, "[heap]"))
                .bytes(HEAP + PAGE, ExtentKind.PRIVATE, filled(PAGE, 0x11))
                .mapping(mapping(SHARED, 2, MappingKind.SHARED_ANONYMOUS, readWrite, 0, ""))
                .bytes(SHARED, ExtentKind.PRIVATE, filled(2 * PAGE, 0x22))
                .mapping(mapping(GUARDED, 4, MappingKind.ANONYMOUS, readWrite, 0, ""))
                .pages(GUARDED, ExtentKind.GUARD, PAGE)
                .bytes(GUARDED + PAGE, ExtentKind.PRIVATE, filled(PAGE, 0x33))
                .mapping(mapping(VVAR, 4, MappingKind.VVAR, Mapping.READ, 0, "[vvar]"))
                .mapping(mapping(VDSO, 2, MappingKind.VDSO, Mapping.READ | Mapping.EXECUTE, 0, "[vdso]"))
                .bytes(VDSO, ExtentKind.FILE, filled(2 * PAGE, 0x44))
                .mapping(mapping(STACK, 33, MappingKind.ANONYMOUS, readWrite, stackFlags, "[stack]"))
                .bytes(STACK + 31 * PAGE, ExtentKind.PRIVATE, filled(2 * PAGE, 0x55));
    }

    /** A syscall instruction ends where the registers of all threads point to. */
    private static byte[] codeWithSystemCall() {
        byte[] code = filled(PAGE, 0x90);
        code[0x121] = 0x0f;
        code[0x122] = 0x05;
        return code;
    }

    public static byte[] filled(int size, int value) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    /** The modes of a terminal that reads lines, but for its local flags. */
    public static Terminal terminal(int openFile, int flags, int localFlags) {
        byte[] characters = new byte[CheckpointLayout.Terminal.CHARACTERS_BYTES];
        characters[0] = 3;
        return new Terminal(
                openFile, flags, 0x4500, 5, 0xbf, localFlags, 0, Bytes.copyOf(characters), 24, 80, 136, 7);
    }
}

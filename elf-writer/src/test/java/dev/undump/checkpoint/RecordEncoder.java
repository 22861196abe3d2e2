// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Collects records of an index as bytes; the opposite of the decoders, kept apart from them so that both must agree. */
final class RecordEncoder {

    private static final int XSTATE_ALIGNMENT = 64;

    private final Map<Integer, ByteArrayOutputStream> sections = new TreeMap<>();
    private final Map<Integer, Integer> recordSizes = new TreeMap<>();
    private final Map<NativeText, Integer> strings = new HashMap<>();

    RecordEncoder() {
        bytes(CheckpointLayout.SECTION_STRINGS, new byte[1]);
    }

    void process(CheckpointProcess process) {
        ByteBuffer record = record(CheckpointLayout.Process.SIZE_BYTES);
        ProcessIds ids = process.ids();
        record.putInt(CheckpointLayout.Process.PID, ids.pid());
        record.putInt(CheckpointLayout.Process.OWN_PID, ids.ownPid());
        record.putInt(CheckpointLayout.Process.PARENT_PID, ids.parentPid());
        record.putInt(CheckpointLayout.Process.GROUP_ID, ids.groupId());
        record.putInt(CheckpointLayout.Process.SESSION_ID, ids.sessionId());
        record.putInt(CheckpointLayout.Process.UID, ids.uid());
        record.putInt(CheckpointLayout.Process.GID, ids.gid());
        ProcessSettings settings = process.settings();
        record.putInt(CheckpointLayout.Process.UMASK, settings.umask());
        record.putInt(CheckpointLayout.Process.DUMPABLE, settings.dumpable());
        record.putInt(CheckpointLayout.Process.NO_NEW_PRIVS, flag(settings.noNewPrivs()));
        record.putInt(CheckpointLayout.Process.CHILD_SUBREAPER, flag(settings.childSubreaper()));
        record.putInt(CheckpointLayout.Process.PERSONALITY, settings.personality());
        record.putInt(CheckpointLayout.Process.THP_DISABLE, settings.thpDisable());
        record.putInt(CheckpointLayout.Process.MEMBARRIER, settings.membarrier());
        record.putInt(CheckpointLayout.Process.TRIGGER, process.trigger().code());
        record.putInt(CheckpointLayout.Process.LAUNCHED_BY_CKPT, flag(process.launchedByCkpt()));
        marks(record, process.marks());
        record.putLong(CheckpointLayout.Process.REALTIME_NS, process.moment().realtimeNs());
        record.putLong(CheckpointLayout.Process.MONOTONIC_NS, process.moment().monotonicNs());
        record.putLong(CheckpointLayout.Process.BOOTTIME_NS, process.moment().boottimeNs());
        record.putLong(CheckpointLayout.Process.FROZEN_NS, process.moment().frozenNs());
        record.putInt(CheckpointLayout.Process.SNAPSHOT, flag(process.moment().snapshot()));
        record.putLong(CheckpointLayout.Process.RESIDENT_BYTES, process.residentBytes());
        text(record, CheckpointLayout.Process.EXECUTABLE, process.executable());
        text(record, CheckpointLayout.Process.COMMAND_LINE, process.commandLine());
        text(record, CheckpointLayout.Process.WORKING_DIRECTORY, process.workingDirectory());
        text(record, CheckpointLayout.Process.COMMAND_NAME, process.commandName());
        text(record, CheckpointLayout.Process.KERNEL_RELEASE, process.kernelRelease());
        text(record, CheckpointLayout.Process.KERNEL_VERSION, process.kernelVersion());
        text(record, CheckpointLayout.Process.ENGINE, process.engine());
        text(record, CheckpointLayout.Process.WD_STATE, NativeText.of(process.workingDirectoryDeleted() ? "deleted" : ""));
        int at = CheckpointLayout.Process.ITIMERS;
        for (IntervalTimer timer : process.intervalTimers()) {
            record.putLong(at + CheckpointLayout.Itimer.INTERVAL_US, timer.intervalUs());
            record.putLong(at + CheckpointLayout.Itimer.VALUE_US, timer.valueUs());
            at += CheckpointLayout.Itimer.SIZE_BYTES;
        }
        at = CheckpointLayout.Process.RLIMITS;
        for (Rlimit limit : process.rlimits()) {
            record.putLong(at + CheckpointLayout.Rlimit.SOFT, limit.soft());
            record.putLong(at + CheckpointLayout.Rlimit.HARD, limit.hard());
            at += CheckpointLayout.Rlimit.SIZE_BYTES;
        }
        record.putInt(CheckpointLayout.Process.NICE, process.nice());
        record.putInt(CheckpointLayout.Process.VDSO_SEEN, flag(process.vdsoSeen()));
        record.putLong(CheckpointLayout.Process.LAUNCH_RECORD, process.launchRecord());
        add(CheckpointLayout.SECTION_PROCESS, record);
    }

    private static void marks(ByteBuffer record, MemoryMarks marks) {
        record.putLong(CheckpointLayout.Process.START_CODE, marks.startCode());
        record.putLong(CheckpointLayout.Process.END_CODE, marks.endCode());
        record.putLong(CheckpointLayout.Process.START_DATA, marks.startData());
        record.putLong(CheckpointLayout.Process.END_DATA, marks.endData());
        record.putLong(CheckpointLayout.Process.START_BRK, marks.startBrk());
        record.putLong(CheckpointLayout.Process.BRK, marks.brk());
        record.putLong(CheckpointLayout.Process.START_STACK, marks.startStack());
        record.putLong(CheckpointLayout.Process.ARG_START, marks.argStart());
        record.putLong(CheckpointLayout.Process.ARG_END, marks.argEnd());
        record.putLong(CheckpointLayout.Process.ENV_START, marks.envStart());
        record.putLong(CheckpointLayout.Process.ENV_END, marks.envEnd());
    }

    void thread(CheckpointThread thread) {
        ByteBuffer record = record(CheckpointLayout.Thread.SIZE_BYTES);
        record.putInt(CheckpointLayout.Thread.TID, thread.tid());
        record.putInt(CheckpointLayout.Thread.OWN_TID, thread.ownTid());
        registers(record, thread.registers());
        record.putLong(CheckpointLayout.Thread.XSTATE_OFFSET, xstate(thread.xstate()));
        record.putInt(CheckpointLayout.Thread.XSTATE_SIZE, thread.xstate().length());
        thread.call().ifPresent(call -> {
            record.putInt(CheckpointLayout.Thread.IN_SYSCALL, 1);
            record.putLong(CheckpointLayout.Thread.SYSCALL_NUMBER, call.number());
            record.putLong(CheckpointLayout.Thread.SYSCALL_RESULT, call.result());
            record.putLong(CheckpointLayout.Thread.WAITED_NS, call.waitedNs());
        });
        record.putLong(CheckpointLayout.Thread.SIGNAL_MASK, thread.signalMask());
        record.putLong(CheckpointLayout.Thread.ALTSTACK_ADDRESS, thread.alternateStack().address());
        record.putLong(CheckpointLayout.Thread.ALTSTACK_SIZE, thread.alternateStack().sizeBytes());
        record.putInt(CheckpointLayout.Thread.ALTSTACK_FLAGS, thread.alternateStack().flags());
        record.putInt(CheckpointLayout.Thread.PARENT_DEATH_SIGNAL, thread.parentDeathSignal());
        record.putLong(CheckpointLayout.Thread.ROBUST_LIST, thread.robustList().headAddress());
        record.putLong(CheckpointLayout.Thread.ROBUST_LIST_SIZE, thread.robustList().sizeBytes());
        record.putLong(CheckpointLayout.Thread.RSEQ_ADDRESS, thread.rseq().address());
        record.putInt(CheckpointLayout.Thread.RSEQ_SIZE, thread.rseq().sizeBytes());
        record.putInt(CheckpointLayout.Thread.RSEQ_SIGNATURE, thread.rseq().signature());
        record.putLong(CheckpointLayout.Thread.CLEAR_CHILD_TID, thread.clearChildTid());
        scheduling(record, thread.scheduling());
        for (int i = 0; i < Affinity.WORDS; i++) {
            record.putLong(CheckpointLayout.Thread.AFFINITY + i * Long.BYTES, thread.affinity().words().get(i));
        }
        record.put(CheckpointLayout.Thread.NAME, thread.name().bytes());
        text(record, CheckpointLayout.Thread.WAIT_CHANNEL, thread.waitChannel());
        add(CheckpointLayout.SECTION_THREADS, record);
    }

    /** Encodes the rights of a thread, with filters of its own behind those of the threads before. */
    void rights(ThreadRights rights) {
        ByteBuffer record = record(CheckpointLayout.Rights.SIZE_BYTES);
        for (int i = 0; i < rights.userIds().size(); i++) {
            record.putInt(CheckpointLayout.Rights.UIDS + i * Integer.BYTES, rights.userIds().get(i));
            record.putInt(CheckpointLayout.Rights.GIDS + i * Integer.BYTES, rights.groupIds().get(i));
        }
        Capabilities capabilities = rights.capabilities();
        record.putLong(CheckpointLayout.Rights.INHERITABLE, capabilities.inheritable());
        record.putLong(CheckpointLayout.Rights.PERMITTED, capabilities.permitted());
        record.putLong(CheckpointLayout.Rights.EFFECTIVE, capabilities.effective());
        record.putLong(CheckpointLayout.Rights.BOUNDING, capabilities.bounding());
        record.putLong(CheckpointLayout.Rights.AMBIENT, capabilities.ambient());
        record.putInt(CheckpointLayout.Rights.SECUREBITS, capabilities.securebits());
        record.putInt(CheckpointLayout.Rights.IO_PRIORITY, rights.ioPriority());
        record.putInt(
                CheckpointLayout.Rights.FLAGS,
                (rights.noNewPrivileges() ? CheckpointLayout.RIGHTS_NO_NEW_PRIVILEGES : 0)
                        | (rights.strictSeccomp() ? CheckpointLayout.RIGHTS_STRICT : 0)
                        | (rights.otherUsers() ? CheckpointLayout.RIGHTS_OTHER_USERS : 0));
        record.putInt(CheckpointLayout.Rights.OOM_SCORE_ADJ, rights.oomScoreAdj());
        record.putInt(CheckpointLayout.Rights.POLICY, rights.policy().mode());
        record.putLong(CheckpointLayout.Rights.POLICY_NODES, rights.policy().nodes());
        record.putInt(CheckpointLayout.Rights.FILTER_COUNT, rights.filters().size());
        record.putLong(CheckpointLayout.Rights.FIRST_FILTER, count(CheckpointLayout.SECTION_FILTERS));
        ByteBuffer groups = record(rights.groups().size() * Integer.BYTES);
        rights.groups().forEach(groups::putInt);
        text(record, CheckpointLayout.Rights.GROUPS, NativeText.copyOf(groups.array()));
        add(CheckpointLayout.SECTION_RIGHTS, record);
        rights.filters().forEach(this::filter);
    }

    private void filter(SeccompFilter filter) {
        ByteBuffer record = record(CheckpointLayout.Filter.SIZE_BYTES);
        text(record, CheckpointLayout.Filter.INSTRUCTIONS, NativeText.copyOf(filter.instructions().toArray()));
        record.putInt(CheckpointLayout.Filter.FLAGS, filter.flags());
        add(CheckpointLayout.SECTION_FILTERS, record);
    }

    void boundMemory(BoundMemory bound) {
        ByteBuffer record = record(CheckpointLayout.MemoryPolicy.SIZE_BYTES);
        record.putLong(CheckpointLayout.MemoryPolicy.START, bound.range().start());
        record.putLong(CheckpointLayout.MemoryPolicy.END, bound.range().end());
        record.putLong(CheckpointLayout.MemoryPolicy.NODES, bound.policy().nodes());
        record.putInt(CheckpointLayout.MemoryPolicy.MODE, bound.policy().mode());
        add(CheckpointLayout.SECTION_MEMORY_POLICIES, record);
    }

    private static void scheduling(ByteBuffer record, Scheduling scheduling) {
        record.putInt(CheckpointLayout.Thread.POLICY, scheduling.policy());
        record.putInt(CheckpointLayout.Thread.POLICY_FLAGS, scheduling.policyFlags());
        record.putInt(CheckpointLayout.Thread.NICE, scheduling.nice());
        record.putInt(CheckpointLayout.Thread.PRIORITY, scheduling.priority());
        record.putLong(CheckpointLayout.Thread.RUNTIME_NS, scheduling.runtimeNs());
        record.putLong(CheckpointLayout.Thread.DEADLINE_NS, scheduling.deadlineNs());
        record.putLong(CheckpointLayout.Thread.PERIOD_NS, scheduling.periodNs());
        record.putLong(CheckpointLayout.Thread.TIMER_SLACK_NS, scheduling.timerSlackNs());
    }

    /** Order of asm/user_64.h, written out once more so that a swap in the decoder is seen. */
    private static void registers(ByteBuffer record, Registers r) {
        long[] values = {
            r.r15(), r.r14(), r.r13(), r.r12(), r.rbp(), r.rbx(), r.r11(), r.r10(), r.r9(), r.r8(), r.rax(), r.rcx(), r.rdx(),
            r.rsi(), r.rdi(), r.origRax(), r.rip(), r.cs(), r.eflags(), r.rsp(), r.ss(), r.fsBase(), r.gsBase(), r.ds(),
            r.es(), r.fs(), r.gs()
        };
        for (int i = 0; i < values.length; i++) {
            record.putLong(CheckpointLayout.Thread.REGS + i * Long.BYTES, values[i]);
        }
    }

    private long xstate(Bytes xstate) {
        ByteArrayOutputStream section = bytes(CheckpointLayout.SECTION_XSTATES, new byte[0]);
        section.writeBytes(new byte[-section.size() & (XSTATE_ALIGNMENT - 1)]);
        long offset = section.size();
        section.writeBytes(xstate.toArray());
        return offset;
    }

    /** Encodes a mapping with its extents behind those of the mappings before. */
    void mapping(Mapping mapping) {
        long firstExtent = count(CheckpointLayout.SECTION_EXTENTS);
        ByteBuffer record = record(CheckpointLayout.Mapping.SIZE_BYTES);
        record.putLong(CheckpointLayout.Mapping.START, mapping.range().start());
        record.putLong(CheckpointLayout.Mapping.END, mapping.range().end());
        record.putInt(CheckpointLayout.Mapping.KIND, mapping.kind().code());
        record.putInt(CheckpointLayout.Mapping.PROTECTION, mapping.protection());
        record.putInt(CheckpointLayout.Mapping.FLAGS, mapping.flags());
        record.putInt(CheckpointLayout.Mapping.SHARE_ID, mapping.shareId());
        record.putLong(CheckpointLayout.Mapping.FILE_OFFSET, mapping.fileOffset());
        record.putLong(CheckpointLayout.Mapping.INODE, mapping.inode());
        record.putInt(CheckpointLayout.Mapping.DEV_MAJOR, mapping.deviceMajor());
        record.putInt(CheckpointLayout.Mapping.DEV_MINOR, mapping.deviceMinor());
        text(record, CheckpointLayout.Mapping.NAME, mapping.name());
        record.putLong(CheckpointLayout.Mapping.FIRST_EXTENT, firstExtent);
        record.putLong(CheckpointLayout.Mapping.EXTENT_COUNT, mapping.extents().size());
        record.putLong(CheckpointLayout.Mapping.FILE_SIZE, mapping.fileSize());
        record.putLong(CheckpointLayout.Mapping.FILE_MTIME_NS, mapping.fileMtimeNs());
        record.putLong(CheckpointLayout.Mapping.FILE_BIRTH_NS, mapping.fileBirthNs());
        add(CheckpointLayout.SECTION_MAPPINGS, record);
        mapping.extents().forEach(this::extent);
    }

    private void extent(Extent extent) {
        ByteBuffer record = record(CheckpointLayout.Extent.SIZE_BYTES);
        record.putLong(CheckpointLayout.Extent.ADDRESS, extent.address());
        record.putLong(CheckpointLayout.Extent.LENGTH, extent.lengthBytes());
        record.putLong(CheckpointLayout.Extent.FILE_OFFSET, extent.fileOffset());
        record.putInt(CheckpointLayout.Extent.KIND, extent.kind().code());
        record.putInt(CheckpointLayout.Extent.CRC, extent.crc());
        add(CheckpointLayout.SECTION_EXTENTS, record);
    }

    void descriptor(Descriptor descriptor) {
        ByteBuffer record = record(CheckpointLayout.Descriptor.SIZE_BYTES);
        record.putInt(CheckpointLayout.Descriptor.FD, descriptor.fd());
        record.putInt(CheckpointLayout.Descriptor.DESCRIPTION, descriptor.openFile());
        record.putInt(CheckpointLayout.Descriptor.FLAGS, flag(descriptor.closeOnExec()));
        add(CheckpointLayout.SECTION_DESCRIPTORS, record);
    }

    void openFile(OpenFile file) {
        ByteBuffer record = record(CheckpointLayout.Description.SIZE_BYTES);
        record.putInt(CheckpointLayout.Description.KIND, file.kind().code());
        record.putInt(CheckpointLayout.Description.FLAGS, file.flags());
        record.putInt(CheckpointLayout.Description.OPEN_FLAGS, file.openFlags());
        record.putInt(CheckpointLayout.Description.MODE, file.mode());
        record.putLong(CheckpointLayout.Description.OFFSET, file.offset());
        record.putLong(CheckpointLayout.Description.INODE, file.inode());
        record.putInt(CheckpointLayout.Description.DEV_MAJOR, file.deviceMajor());
        record.putInt(CheckpointLayout.Description.DEV_MINOR, file.deviceMinor());
        record.putInt(CheckpointLayout.Description.RDEV_MAJOR, file.rdevMajor());
        record.putInt(CheckpointLayout.Description.RDEV_MINOR, file.rdevMinor());
        record.putLong(CheckpointLayout.Description.SIZE, file.size());
        record.putLong(CheckpointLayout.Description.MTIME_NS, file.mtimeNs());
        text(record, CheckpointLayout.Description.PATH, file.path());
        record.putLong(CheckpointLayout.Description.DATA_OFFSET, file.dataOffset());
        record.putLong(CheckpointLayout.Description.DATA_SIZE, file.dataSize());
        for (int i = 0; i < OpenFile.VALUES; i++) {
            record.putLong(CheckpointLayout.Description.VALUES + i * Long.BYTES, file.values().get(i));
        }
        record.putLong(CheckpointLayout.Description.VALUE_EXTRA, file.valueExtra());
        record.putInt(CheckpointLayout.Description.OBJECT, file.object());
        record.putInt(CheckpointLayout.Description.DATA_CRC, file.dataCrc());
        add(CheckpointLayout.SECTION_DESCRIPTIONS, record);
    }

    /** Encodes a memory file with its extents behind those of the files before. */
    void memoryFile(MemoryFile file) {
        ByteBuffer record = record(CheckpointLayout.MemoryFile.SIZE_BYTES);
        record.putLong(CheckpointLayout.MemoryFile.INODE, file.inode());
        record.putInt(CheckpointLayout.MemoryFile.DEV_MAJOR, file.deviceMajor());
        record.putInt(CheckpointLayout.MemoryFile.DEV_MINOR, file.deviceMinor());
        record.putLong(CheckpointLayout.MemoryFile.SIZE, file.sizeBytes());
        record.putInt(CheckpointLayout.MemoryFile.SEALS, file.seals());
        record.putInt(CheckpointLayout.MemoryFile.MODE, file.mode());
        text(record, CheckpointLayout.MemoryFile.NAME, file.name());
        record.putLong(CheckpointLayout.MemoryFile.FIRST_EXTENT, count(CheckpointLayout.SECTION_FILE_EXTENTS));
        record.putLong(CheckpointLayout.MemoryFile.EXTENT_COUNT, file.extents().size());
        add(CheckpointLayout.SECTION_MEMORY_FILES, record);
        file.extents().forEach(this::fileExtent);
    }

    private void fileExtent(FileExtent extent) {
        ByteBuffer record = record(CheckpointLayout.FileExtent.SIZE_BYTES);
        record.putLong(CheckpointLayout.FileExtent.OFFSET, extent.offset());
        record.putLong(CheckpointLayout.FileExtent.LENGTH, extent.lengthBytes());
        record.putLong(CheckpointLayout.FileExtent.FILE_OFFSET, extent.fileOffset());
        record.putInt(CheckpointLayout.FileExtent.CRC, extent.crc());
        add(CheckpointLayout.SECTION_FILE_EXTENTS, record);
    }

    void pipe(PipeState pipe) {
        ByteBuffer record = record(CheckpointLayout.Pipe.SIZE_BYTES);
        record.putLong(CheckpointLayout.Pipe.INODE, pipe.inode());
        record.putInt(CheckpointLayout.Pipe.CAPACITY, pipe.capacity());
        record.putInt(CheckpointLayout.Pipe.FLAGS, flag(pipe.packetMode()));
        record.putLong(CheckpointLayout.Pipe.DATA_OFFSET, pipe.dataOffset());
        record.putLong(CheckpointLayout.Pipe.DATA_SIZE, pipe.dataSize());
        record.putInt(CheckpointLayout.Pipe.PACKET_COUNT, pipe.packetCount());
        record.putInt(CheckpointLayout.Pipe.DATA_CRC, pipe.crc());
        add(CheckpointLayout.SECTION_PIPES, record);
    }

    void epollItem(EpollItem item) {
        ByteBuffer record = record(CheckpointLayout.EpollItem.SIZE_BYTES);
        record.putInt(CheckpointLayout.EpollItem.DESCRIPTION, item.openFile());
        record.putInt(CheckpointLayout.EpollItem.FD, item.fd());
        record.putInt(CheckpointLayout.EpollItem.EVENTS, item.events());
        record.putLong(CheckpointLayout.EpollItem.DATA, item.data());
        add(CheckpointLayout.SECTION_EPOLL_ITEMS, record);
    }

    void action(SignalAction action) {
        ByteBuffer record = record(CheckpointLayout.SignalAction.SIZE_BYTES);
        record.putInt(CheckpointLayout.SignalAction.SIGNAL, action.signal());
        record.putLong(CheckpointLayout.SignalAction.HANDLER, action.handler());
        record.putLong(CheckpointLayout.SignalAction.FLAGS, action.flags());
        record.putLong(CheckpointLayout.SignalAction.RESTORER, action.restorer());
        record.putLong(CheckpointLayout.SignalAction.MASK, action.mask());
        add(CheckpointLayout.SECTION_ACTIONS, record);
    }

    void pending(PendingSignal signal) {
        ByteBuffer record = record(CheckpointLayout.PendingSignal.SIZE_BYTES);
        record.putInt(CheckpointLayout.PendingSignal.TID, signal.ownTid());
        record.putInt(CheckpointLayout.PendingSignal.SIGNAL, signal.signal());
        record.put(CheckpointLayout.PendingSignal.INFO, signal.info().toArray());
        add(CheckpointLayout.SECTION_PENDING, record);
    }

    void auxv(List<AuxiliaryEntry> entries) {
        ByteBuffer bytes = record((entries.size() + 1) * 2 * Long.BYTES);
        for (AuxiliaryEntry entry : entries) {
            bytes.putLong(entry.type()).putLong(entry.value());
        }
        bytes(CheckpointLayout.SECTION_AUXV, bytes.array());
    }

    void cpu(Cpu cpu) {
        ByteBuffer record = record(CheckpointLayout.Cpu.SIZE_BYTES);
        record.put(CheckpointLayout.Cpu.VENDOR, cpu.vendor().bytes());
        record.put(CheckpointLayout.Cpu.MODEL, cpu.model().bytes());
        record.putLong(CheckpointLayout.Cpu.XCR0, cpu.xcr0());
        record.putInt(CheckpointLayout.Cpu.XSAVE_SIZE, cpu.xsaveSize());
        record.putInt(CheckpointLayout.Cpu.XSAVEC_SIZE, cpu.xsavecSize());
        record.putInt(CheckpointLayout.Cpu.MIN_SIGSTACK, cpu.minSignalStack());
        add(CheckpointLayout.SECTION_CPU, record);
    }

    void watch(Watch watch) {
        ByteBuffer record = record(CheckpointLayout.Watch.SIZE_BYTES);
        record.putInt(CheckpointLayout.Watch.DESCRIPTION, watch.openFile());
        record.putInt(CheckpointLayout.Watch.NUMBER, watch.number());
        record.putInt(CheckpointLayout.Watch.MASK, watch.mask());
        text(record, CheckpointLayout.Watch.PATH, watch.path());
        add(CheckpointLayout.SECTION_WATCHES, record);
    }

    void input(Input input) {
        ByteBuffer record = record(CheckpointLayout.Input.SIZE_BYTES);
        text(record, CheckpointLayout.Input.PATH, input.path());
        writeStamp(record, input);
        text(record, CheckpointLayout.Input.TARGET, input.target());
        add(CheckpointLayout.SECTION_INPUTS, record);
    }

    static void writeStamp(ByteBuffer record, Input input) {
        record.putInt(CheckpointLayout.Input.KIND, input.kind().code());
        record.putInt(CheckpointLayout.Input.MODE, input.stamp().mode());
        record.putLong(CheckpointLayout.Input.SIZE, input.stamp().sizeBytes());
        record.putLong(CheckpointLayout.Input.INODE, input.stamp().inode());
        record.putLong(CheckpointLayout.Input.MTIME_NS, input.stamp().mtimeNs());
        record.putLong(CheckpointLayout.Input.CTIME_NS, input.stamp().ctimeNs());
    }

    void fileOwner(FileOwner owner) {
        ByteBuffer record = record(CheckpointLayout.FileOwner.SIZE_BYTES);
        record.putInt(CheckpointLayout.FileOwner.DESCRIPTION, owner.openFile());
        record.putInt(CheckpointLayout.FileOwner.KIND, owner.kind());
        record.putInt(CheckpointLayout.FileOwner.TID, owner.tid().orElse(0));
        record.putInt(CheckpointLayout.FileOwner.SIGNAL, owner.signal());
        add(CheckpointLayout.SECTION_FILE_OWNERS, record);
    }

    void segment(Segment segment) {
        ByteBuffer record = record(CheckpointLayout.Segment.SIZE_BYTES);
        record.putInt(CheckpointLayout.Segment.MEMORY_FILE, segment.memoryFile());
        record.putInt(CheckpointLayout.Segment.ID, segment.id());
        record.putInt(CheckpointLayout.Segment.KEY, segment.key());
        record.putInt(CheckpointLayout.Segment.MODE, segment.mode());
        record.putInt(CheckpointLayout.Segment.UID, segment.uid());
        record.putInt(CheckpointLayout.Segment.GID, segment.gid());
        record.putInt(CheckpointLayout.Segment.CREATOR_UID, segment.creatorUid());
        record.putInt(CheckpointLayout.Segment.CREATOR_GID, segment.creatorGid());
        record.putLong(CheckpointLayout.Segment.SIZE, segment.sizeBytes());
        record.putLong(CheckpointLayout.Segment.CHANGED_S, segment.changedS());
        record.putInt(CheckpointLayout.Segment.FLAGS, segment.flags());
        add(CheckpointLayout.SECTION_SEGMENTS, record);
    }

    void semaphore(Semaphore semaphore) {
        ByteBuffer record = record(CheckpointLayout.Semaphore.SIZE_BYTES);
        record.putInt(CheckpointLayout.Semaphore.SET, semaphore.set());
        record.putInt(CheckpointLayout.Semaphore.KEY, semaphore.key());
        record.putInt(CheckpointLayout.Semaphore.COUNT, semaphore.count());
        record.putInt(CheckpointLayout.Semaphore.CREATOR_UID, semaphore.creatorUid());
        record.putInt(CheckpointLayout.Semaphore.NUMBER, semaphore.number());
        record.putInt(CheckpointLayout.Semaphore.ADJUSTMENT, semaphore.adjustment());
        record.putLong(CheckpointLayout.Semaphore.CHANGED_S, semaphore.changedSeconds());
        text(record, CheckpointLayout.Semaphore.BOOT, semaphore.boot());
        record.putInt(CheckpointLayout.Semaphore.IPC_NAMESPACE, semaphore.ipcNamespace());
        add(CheckpointLayout.SECTION_SEMAPHORES, record);
    }

    void fileLock(FileLock lock) {
        ByteBuffer record = record(CheckpointLayout.FileLock.SIZE_BYTES);
        record.putInt(CheckpointLayout.FileLock.DESCRIPTION, lock.openFile());
        record.putInt(CheckpointLayout.FileLock.KIND, lock.kind());
        record.putInt(CheckpointLayout.FileLock.EXCLUSIVE, flag(lock.exclusive()));
        record.putLong(CheckpointLayout.FileLock.START, lock.start());
        record.putLong(CheckpointLayout.FileLock.LENGTH, lock.length());
        add(CheckpointLayout.SECTION_FILE_LOCKS, record);
    }

    void terminal(Terminal terminal) {
        ByteBuffer record = record(CheckpointLayout.Terminal.SIZE_BYTES);
        record.putInt(CheckpointLayout.Terminal.DESCRIPTION, terminal.openFile());
        record.putInt(CheckpointLayout.Terminal.FLAGS, terminal.flags());
        record.putInt(CheckpointLayout.Terminal.INPUT_FLAGS, terminal.inputFlags());
        record.putInt(CheckpointLayout.Terminal.OUTPUT_FLAGS, terminal.outputFlags());
        record.putInt(CheckpointLayout.Terminal.CONTROL_FLAGS, terminal.controlFlags());
        record.putInt(CheckpointLayout.Terminal.LOCAL_FLAGS, terminal.localFlags());
        record.put(CheckpointLayout.Terminal.LINE, (byte) terminal.line());
        record.put(CheckpointLayout.Terminal.CHARACTERS, terminal.characters().toArray());
        record.putShort(CheckpointLayout.Terminal.ROWS, (short) terminal.rows());
        record.putShort(CheckpointLayout.Terminal.COLUMNS, (short) terminal.columns());
        record.putInt(CheckpointLayout.Terminal.DEVICE_MAJOR, terminal.deviceMajor());
        record.putInt(CheckpointLayout.Terminal.DEVICE_MINOR, terminal.deviceMinor());
        add(CheckpointLayout.SECTION_TERMINALS, record);
    }

    void posixTimer(PosixTimer timer) {
        ByteBuffer record = record(CheckpointLayout.PosixTimer.SIZE_BYTES);
        record.putInt(CheckpointLayout.PosixTimer.ID, timer.id());
        record.putInt(CheckpointLayout.PosixTimer.CLOCK, timer.clock());
        record.putInt(CheckpointLayout.PosixTimer.CLOCK_TID, timer.clockTid().orElse(0));
        record.putInt(CheckpointLayout.PosixTimer.NOTIFY, timer.notification());
        record.putInt(CheckpointLayout.PosixTimer.SIGNAL, timer.signal());
        record.putInt(CheckpointLayout.PosixTimer.TID, timer.tid().orElse(0));
        record.putLong(CheckpointLayout.PosixTimer.VALUE, timer.value());
        record.putLong(CheckpointLayout.PosixTimer.INTERVAL_NS, timer.intervalNs());
        record.putLong(CheckpointLayout.PosixTimer.REMAINING_NS, timer.remainingNs());
        add(CheckpointLayout.SECTION_POSIX_TIMERS, record);
    }

    void cpuid(CpuidLeaf leaf) {
        ByteBuffer record = record(CheckpointLayout.Cpuid.SIZE_BYTES);
        record.putInt(CheckpointLayout.Cpuid.LEAF, leaf.leaf());
        record.putInt(CheckpointLayout.Cpuid.SUBLEAF, leaf.subleaf());
        record.putInt(CheckpointLayout.Cpuid.EAX, leaf.eax());
        record.putInt(CheckpointLayout.Cpuid.EBX, leaf.ebx());
        record.putInt(CheckpointLayout.Cpuid.ECX, leaf.ecx());
        record.putInt(CheckpointLayout.Cpuid.EDX, leaf.edx());
        add(CheckpointLayout.SECTION_CPUID, record);
    }

    void socket(SocketState socket) {
        ByteBuffer record = record(CheckpointLayout.Socket.SIZE_BYTES);
        record.putLong(CheckpointLayout.Socket.INODE, socket.inode());
        record.putInt(CheckpointLayout.Socket.FAMILY, socket.family());
        record.putInt(CheckpointLayout.Socket.TYPE, socket.type());
        record.putInt(CheckpointLayout.Socket.PROTOCOL, socket.protocol());
        record.putInt(CheckpointLayout.Socket.STATE, socket.kind().code());
        record.putInt(CheckpointLayout.Socket.FLAGS, socket.flags());
        record.putInt(CheckpointLayout.Socket.BACKLOG, socket.backlog());
        record.putInt(CheckpointLayout.Socket.SHUTDOWN, socket.shutdown());
        record.putInt(CheckpointLayout.Socket.PEER, socket.peer());
        text(record, CheckpointLayout.Socket.LOCAL, socket.local().bytes());
        text(record, CheckpointLayout.Socket.REMOTE, socket.remote().bytes());
        text(record, CheckpointLayout.Socket.DIRECTORY, socket.directory());
        record.putLong(CheckpointLayout.Socket.DATA_OFFSET, socket.dataOffset());
        record.putLong(CheckpointLayout.Socket.DATA_SIZE, socket.dataSize());
        record.putInt(CheckpointLayout.Socket.PACKET_COUNT, socket.packetCount());
        record.putInt(CheckpointLayout.Socket.DATA_CRC, socket.crc());
        record.putInt(CheckpointLayout.Socket.FILE_MODE, socket.fileMode());
        record.putInt(CheckpointLayout.Socket.OPTION_COUNT, socket.options().size());
        record.putLong(CheckpointLayout.Socket.FIRST_OPTION, count(CheckpointLayout.SECTION_SOCKET_OPTIONS));
        add(CheckpointLayout.SECTION_SOCKETS, record);
        socket.options().forEach(this::socketOption);
    }

    private void socketOption(SocketOption option) {
        ByteBuffer record = record(CheckpointLayout.SocketOption.SIZE_BYTES);
        record.putInt(CheckpointLayout.SocketOption.LEVEL, option.level());
        record.putInt(CheckpointLayout.SocketOption.NAME, option.name());
        record.putInt(CheckpointLayout.SocketOption.SIZE, option.value().length());
        record.putInt(CheckpointLayout.SocketOption.FLAGS, option.detail() ? CheckpointLayout.SOCKET_OPTION_DETAIL : 0);
        text(record, CheckpointLayout.SocketOption.LABEL, option.label());
        record.put(CheckpointLayout.SocketOption.VALUE, option.value().toArray());
        add(CheckpointLayout.SECTION_SOCKET_OPTIONS, record);
    }

    void allowance(NativeText word) {
        ByteBuffer record = record(CheckpointLayout.String.SIZE_BYTES);
        text(record, 0, word);
        add(CheckpointLayout.SECTION_ALLOWANCES, record);
    }

    /** Lays out section table and sections as they will stand at a file offset. */
    byte[] index(long fileOffset) {
        int tableBytes = sections.size() * CheckpointLayout.Section.SIZE_BYTES;
        ByteBuffer table = record(tableBytes);
        ByteArrayOutputStream contents = new ByteArrayOutputStream();
        int entry = 0;
        for (Map.Entry<Integer, ByteArrayOutputStream> section : sections.entrySet()) {
            contents.writeBytes(new byte[-contents.size() & (Long.BYTES - 1)]);
            int recordSize = recordSizes.get(section.getKey());
            int size = section.getValue().size();
            table.putInt(entry + CheckpointLayout.Section.KIND, section.getKey());
            table.putInt(entry + CheckpointLayout.Section.RECORD_SIZE, recordSize);
            table.putLong(entry + CheckpointLayout.Section.OFFSET, fileOffset + tableBytes + contents.size());
            table.putLong(entry + CheckpointLayout.Section.SIZE, size);
            table.putLong(entry + CheckpointLayout.Section.COUNT, size / recordSize);
            contents.writeBytes(section.getValue().toByteArray());
            entry += CheckpointLayout.Section.SIZE_BYTES;
        }
        ByteArrayOutputStream index = new ByteArrayOutputStream();
        index.writeBytes(table.array());
        index.writeBytes(contents.toByteArray());
        return index.toByteArray();
    }

    int sectionCount() {
        return sections.size();
    }

    private long count(int kind) {
        ByteArrayOutputStream section = sections.get(kind);
        return section == null ? 0 : section.size() / recordSizes.get(kind);
    }

    private void text(ByteBuffer record, int at, NativeText text) {
        if (text.isEmpty()) {
            return;
        }
        int offset = strings.computeIfAbsent(text, key -> {
            ByteArrayOutputStream section = sections.get(CheckpointLayout.SECTION_STRINGS);
            int start = section.size();
            section.writeBytes(key.bytes());
            section.write(0);
            return start;
        });
        record.putInt(at + CheckpointLayout.String.OFFSET, offset);
        record.putInt(at + CheckpointLayout.String.LENGTH, text.length());
    }

    private ByteArrayOutputStream bytes(int kind, byte[] content) {
        recordSizes.put(kind, 1);
        ByteArrayOutputStream section = sections.computeIfAbsent(kind, key -> new ByteArrayOutputStream());
        section.writeBytes(content);
        return section;
    }

    private void add(int kind, ByteBuffer record) {
        recordSizes.put(kind, record.capacity());
        sections.computeIfAbsent(kind, key -> new ByteArrayOutputStream()).writeBytes(record.array());
    }

    private static ByteBuffer record(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int flag(boolean value) {
        return value ? 1 : 0;
    }
}

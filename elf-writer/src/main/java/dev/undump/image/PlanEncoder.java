// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.checkpoint.AuxiliaryEntry;
import dev.undump.checkpoint.CheckpointId;
import dev.undump.checkpoint.MemoryMarks;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.PendingSignal;
import dev.undump.checkpoint.PosixTimer;
import dev.undump.checkpoint.ProcessSettings;
import dev.undump.checkpoint.SignalAction;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.CpuFeature;
import dev.undump.plan.EnvironmentChange;
import dev.undump.plan.FallbackCommand;
import dev.undump.plan.FileOp;
import dev.undump.plan.ImagePlan;
import dev.undump.plan.LazyRange;
import dev.undump.plan.MappedFile;
import dev.undump.plan.MemoryOp;
import dev.undump.plan.PlanOffset;
import dev.undump.plan.PlannedInput;
import dev.undump.plan.PlannedSignal;
import dev.undump.plan.PlannedThread;
import dev.undump.plan.PlannedTimer;
import dev.undump.plan.RegisterPatch;
import dev.undump.plan.TidPatch;
import dev.undump.plan.VdsoSymbol;
import dev.undump.plan.XstateComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** Turns a plan into the bytes of {@code struct image_plan} and its tables, now that every place is known. */
final class PlanEncoder {

    private static final int ALL_RLIMITS = 0xffff;
    private static final int PORTION = 16384 * ImageLayout.MemoryOp.SIZE_BYTES;

    private final ImagePlan plan;
    private final PlanTables tables;
    private final ImageGeometry geometry;
    private final PlanOffset.Places places;

    PlanEncoder(ImagePlan plan, PlanTables tables, ImageGeometry geometry) {
        this.plan = plan;
        this.tables = tables;
        this.geometry = geometry;
        this.places = new PlanOffset.Places() {
            @Override
            public long dataStart() {
                return geometry.data();
            }

            @Override
            public long behindImage() {
                return geometry.behindImage();
            }

            @Override
            public long text(NativeText text) {
                return tables.text(text);
            }
        };
    }

    /** Takes encoded bytes of the plan. */
    @FunctionalInterface
    interface Sink {

        /**
         * Takes a portion.
         *
         * @param at bytes from the start of the plan
         */
        void write(ByteBuffer portion, long at) throws ImageException;
    }

    /**
     * Encodes the plan, the memory steps in portions.
     *
     * @param blocks the encoded thread blocks, for their checksum
     */
    void encode(byte[] blocks, Sink sink) throws ImageException {
        ByteBuffer buffer =
                ByteBuffer.allocate(Math.toIntExact(tables.memoryOps.offset())).order(ByteOrder.LITTLE_ENDIAN);
        head(buffer, blocks);
        tableReferences(buffer);
        process(buffer);
        records(buffer, tables.features, plan.requirements().features(), this::feature);
        records(buffer, tables.components, plan.requirements().components(), PlanEncoder::component);
        records(buffer, tables.fileOps, plan.fileOps(), this::fileOp);
        records(buffer, tables.mappedFiles, plan.mappedFiles(), this::mappedFile);
        records(buffer, tables.actions, plan.actions(), PlanEncoder::action);
        records(buffer, tables.pending, plan.pending(), PlanEncoder::pendingOfProcess);
        threads(buffer);
        records(buffer, tables.tidPatches, allPatches(), PlanEncoder::tidPatch);
        records(buffer, tables.vdsoSymbols, plan.vdso().symbols(), this::vdsoSymbol);
        records(buffer, tables.auxv, plan.auxv(), PlanEncoder::auxiliary);
        records(buffer, tables.posixTimers, plan.timers(), PlanEncoder::posixTimer);
        records(buffer, tables.environment, plan.view().environment(), this::environmentChange);
        records(buffer, tables.lazyRanges, plan.lazy().ranges(), PlanEncoder::lazyRange);
        records(buffer, tables.inputs, plan.inputs().files(), this::input);
        plan.inputs().fallback().ifPresent(command -> fallback(buffer, command));
        tables.rights.encode(buffer);
        buffer.put((int) tables.vdsoCopy.offset(), plan.vdso().copy().toArray());
        for (Map.Entry<NativeText, Long> string : tables.strings().entrySet()) {
            buffer.put(Math.toIntExact(string.getValue()), string.getKey().bytes());
        }
        CRC32C sum = new CRC32C();
        sum.update(buffer.array());
        memoryOps(sum, sink);
        buffer.putInt(ImageLayout.Plan.PLAN_CRC, (int) sum.getValue());
        sink.write(buffer, 0);
    }

    /** Writes the steps and what fills their last page. */
    private void memoryOps(CRC32C sum, Sink sink) throws ImageException {
        long at = tables.memoryOps.offset();
        int next = 0;
        while (at < tables.sizeBytes) {
            int length = (int) Math.min(PORTION, tables.sizeBytes - at);
            ByteBuffer portion = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            int end = Math.min(next + length / ImageLayout.MemoryOp.SIZE_BYTES, plan.memoryOps().size());
            records(portion, new Table(0, 0), plan.memoryOps().subList(next, end), this::memoryOp);
            sum.update(portion.array());
            sink.write(portion, at);
            next = end;
            at += length;
        }
    }

    /** The id of the checkpoint as 16 bytes, in the order of the format. */
    static byte[] idBytes(CheckpointId id) {
        return ByteBuffer.allocate(CheckpointId.SIZE_BYTES)
                .putLong(id.high())
                .putLong(id.low())
                .array();
    }

    private void head(ByteBuffer buffer, byte[] blocks) {
        CRC32C sum = new CRC32C();
        sum.update(blocks);
        buffer.putLong(ImageLayout.Plan.MAGIC, ImageLayout.MAGIC_U64);
        buffer.putInt(ImageLayout.Plan.VERSION, ImageLayout.VERSION);
        buffer.putLong(ImageLayout.Plan.PLAN_SIZE, tables.sizeBytes);
        buffer.putLong(ImageLayout.Plan.BLOCKS_SIZE, blocks.length);
        buffer.putInt(ImageLayout.Plan.BLOCKS_CRC, (int) sum.getValue());
        buffer.putInt(ImageLayout.Plan.THREAD_BLOCK_SIZE, plan.threadBlockBytes());
        buffer.putLong(ImageLayout.Plan.IMAGE_SIZE, geometry.size());
        buffer.put(ImageLayout.Plan.IMAGE_ID, idBytes(plan.id()));
        buffer.putLong(ImageLayout.Plan.ID_OFFSET, ElfTables.NOTE_ID);
        buffer.putLong(ImageLayout.Plan.SLOT, plan.slot());
        buffer.putInt(ImageLayout.Plan.MIN_KERNEL_MAJOR, plan.requirements().kernelMajor());
        buffer.putInt(ImageLayout.Plan.MIN_KERNEL_MINOR, plan.requirements().kernelMinor());
        buffer.putLong(ImageLayout.Plan.XCR0, plan.requirements().xcr0());
        buffer.putInt(ImageLayout.Plan.MAX_XSAVE_SIZE, plan.requirements().maxXsaveSize());
        buffer.putInt(ImageLayout.Plan.MAX_XSAVEC_SIZE, plan.requirements().maxXsavecSize());
    }

    private void tableReferences(ByteBuffer buffer) {
        tables.features.writeTo(buffer, ImageLayout.Plan.CPU_FEATURES);
        tables.components.writeTo(buffer, ImageLayout.Plan.XSTATE_COMPONENTS);
        tables.fileOps.writeTo(buffer, ImageLayout.Plan.FILE_OPS);
        tables.mappedFiles.writeTo(buffer, ImageLayout.Plan.MAPPED_FILES);
        tables.memoryOps.writeTo(buffer, ImageLayout.Plan.MEMORY_OPS);
        tables.actions.writeTo(buffer, ImageLayout.Plan.ACTIONS);
        tables.pending.writeTo(buffer, ImageLayout.Plan.PENDING);
        tables.threads.writeTo(buffer, ImageLayout.Plan.THREADS);
        tables.tidPatches.writeTo(buffer, ImageLayout.Plan.TID_PATCHES);
        tables.vdsoSymbols.writeTo(buffer, ImageLayout.Plan.VDSO_SYMBOLS);
        tables.auxv.writeTo(buffer, ImageLayout.Plan.AUXV);
        tables.posixTimers.writeTo(buffer, ImageLayout.Plan.POSIX_TIMERS);
        tables.environment.writeTo(buffer, ImageLayout.Plan.ENVIRONMENT);
        tables.lazyRanges.writeTo(buffer, ImageLayout.Plan.LAZY_RANGES);
        tables.inputs.writeTo(buffer, ImageLayout.Plan.INPUTS);
        tables.fallbackArguments.writeTo(buffer, ImageLayout.Plan.FALLBACK_ARGUMENTS);
        buffer.putLong(ImageLayout.Plan.COVERAGE, tables.text(PlanTables.coverage(plan)));
        buffer.putLong(ImageLayout.Plan.VDSO_ADDRESS, plan.vdso().address());
        buffer.putLong(ImageLayout.Plan.VDSO_SIZE, tables.vdsoCopy.count());
        buffer.putLong(ImageLayout.Plan.VDSO_COPY, tables.vdsoCopy.count() == 0 ? 0 : tables.vdsoCopy.offset());
        buffer.putInt(ImageLayout.Plan.VDSO_TRAMPOLINES, plan.vdso().forceTrampolines() ? 1 : 0);
    }

    private void process(ByteBuffer buffer) {
        ProcessSettings settings = plan.process().settings();
        // The files that a command makes are as private as its caller wants them.
        boolean command = plan.process().trigger().makesCommand();
        buffer.putInt(ImageLayout.Plan.UMASK, command ? ImageLayout.UMASK_OF_LAUNCH : settings.umask());
        buffer.putInt(ImageLayout.Plan.PERSONALITY, settings.personality());
        // 2 means "as a set-user-id program" and cannot be asked for; 0 is what a program may ask for and protects as well.
        buffer.putInt(ImageLayout.Plan.DUMPABLE, settings.dumpable() == 1 ? 1 : 0);
        buffer.putInt(ImageLayout.Plan.NO_NEW_PRIVS, settings.noNewPrivs() ? 1 : 0);
        buffer.putInt(ImageLayout.Plan.CHILD_SUBREAPER, settings.childSubreaper() ? 1 : 0);
        buffer.putInt(ImageLayout.Plan.THP_DISABLE, settings.thpDisable());
        buffer.putInt(ImageLayout.Plan.MEMBARRIER, settings.membarrier());
        buffer.putLong(
                ImageLayout.Plan.WORKING_DIRECTORY, tables.text(plan.view().workingDirectory()));
        MemoryMarks marks = plan.process().marks();
        buffer.putLong(ImageLayout.Plan.START_CODE, marks.startCode());
        buffer.putLong(ImageLayout.Plan.END_CODE, marks.endCode());
        buffer.putLong(ImageLayout.Plan.START_DATA, marks.startData());
        buffer.putLong(ImageLayout.Plan.END_DATA, marks.endData());
        buffer.putLong(ImageLayout.Plan.START_BRK, marks.startBrk());
        buffer.putLong(ImageLayout.Plan.BRK, marks.brk());
        buffer.putLong(ImageLayout.Plan.START_STACK, marks.startStack());
        int at = ImageLayout.Plan.ITIMER_US;
        for (var timer : plan.process().intervalTimers()) {
            buffer.putLong(at, timer.intervalUs());
            buffer.putLong(at + Long.BYTES, timer.valueUs());
            at += 2 * Long.BYTES;
        }
        at = ImageLayout.Plan.RLIMITS;
        for (var limit : plan.process().rlimits()) {
            buffer.putLong(at, limit.soft());
            buffer.putLong(at + Long.BYTES, limit.hard());
            at += 2 * Long.BYTES;
        }
        buffer.putInt(ImageLayout.Plan.SET_RLIMITS, ALL_RLIMITS);
        buffer.putLong(ImageLayout.Plan.MONOTONIC_NS, plan.process().moment().monotonicNs());
        buffer.putLong(ImageLayout.Plan.BOOTTIME_NS, plan.process().moment().boottimeNs());
        buffer.putInt(ImageLayout.Plan.OOM_SCORE_ADJ, plan.oomScoreAdj());
        buffer.putInt(ImageLayout.Plan.FILTERED, tables.rights.isFiltered() ? 1 : 0);
        buffer.putLong(ImageLayout.Plan.LAUNCH_RECORD, plan.process().launchRecord());
    }

    private static <T> void records(ByteBuffer buffer, Table table, List<T> records, Encoder<T> encoder) {
        int at = Math.toIntExact(table.offset());
        for (T one : records) {
            at += encoder.encode(buffer, at, one);
        }
    }

    /** Writes one record and returns its size. */
    private interface Encoder<T> {
        int encode(ByteBuffer buffer, int at, T one);
    }

    private int feature(ByteBuffer buffer, int at, CpuFeature feature) {
        buffer.putInt(at + ImageLayout.CpuFeature.LEAF, feature.leaf());
        buffer.putInt(at + ImageLayout.CpuFeature.SUBLEAF, feature.subleaf());
        buffer.putInt(at + ImageLayout.CpuFeature.REG, feature.register());
        buffer.putInt(at + ImageLayout.CpuFeature.MASK, feature.mask());
        buffer.putLong(at + ImageLayout.CpuFeature.NAME, tables.text(feature.name()));
        return ImageLayout.CpuFeature.SIZE_BYTES;
    }

    private static int component(ByteBuffer buffer, int at, XstateComponent component) {
        buffer.putInt(at + ImageLayout.XstateComponent.NUMBER, component.number());
        buffer.putInt(at + ImageLayout.XstateComponent.OFFSET, component.offset());
        buffer.putInt(at + ImageLayout.XstateComponent.SIZE, component.sizeBytes());
        return ImageLayout.XstateComponent.SIZE_BYTES;
    }

    private int fileOp(ByteBuffer buffer, int at, FileOp op) {
        buffer.putInt(at + ImageLayout.FileOp.KIND, op.kind().code());
        buffer.putInt(at + ImageLayout.FileOp.FD, op.fd());
        buffer.putInt(at + ImageLayout.FileOp.OPEN_FLAGS, op.openFlags());
        buffer.putInt(at + ImageLayout.FileOp.CLOSE_ON_EXEC, op.closeOnExec() ? 1 : 0);
        buffer.putLong(at + ImageLayout.FileOp.PATH, tables.text(op.path()));
        buffer.putLong(at + ImageLayout.FileOp.OFFSET, op.offset());
        for (int i = 0; i < op.values().size(); i++) {
            buffer.putLong(
                    at + ImageLayout.FileOp.VALUES + i * Long.BYTES, op.values().get(i).resolve(places));
        }
        return ImageLayout.FileOp.SIZE_BYTES;
    }

    private int mappedFile(ByteBuffer buffer, int at, MappedFile file) {
        buffer.putLong(at + ImageLayout.MappedFile.PATH, tables.text(file.path()));
        buffer.putLong(at + ImageLayout.MappedFile.SIZE, file.sizeBytes());
        buffer.putLong(at + ImageLayout.MappedFile.INODE, file.inode());
        buffer.putLong(at + ImageLayout.MappedFile.BIRTH_NS, file.birthNs());
        buffer.putInt(at + ImageLayout.MappedFile.OPEN_FLAGS, file.openFlags());
        buffer.putInt(at + ImageLayout.MappedFile.INSTEAD, file.instead());
        return ImageLayout.MappedFile.SIZE_BYTES;
    }

    private int memoryOp(ByteBuffer buffer, int at, MemoryOp op) {
        buffer.putInt(at + ImageLayout.MemoryOp.KIND, op.kind().code());
        buffer.putInt(at + ImageLayout.MemoryOp.PROTECTION, op.protection());
        buffer.putLong(at + ImageLayout.MemoryOp.ADDRESS, op.range().start());
        buffer.putLong(at + ImageLayout.MemoryOp.LENGTH, op.range().lengthBytes());
        buffer.putLong(at + ImageLayout.MemoryOp.OFFSET, op.offset().resolve(places));
        buffer.putInt(at + ImageLayout.MemoryOp.FLAGS, op.flags());
        buffer.putInt(at + ImageLayout.MemoryOp.ARGUMENT, op.argument());
        buffer.putInt(at + ImageLayout.MemoryOp.OPTIONAL, op.optional() ? 1 : 0);
        return ImageLayout.MemoryOp.SIZE_BYTES;
    }

    private static int lazyRange(ByteBuffer buffer, int at, LazyRange lazy) {
        buffer.putLong(at + ImageLayout.LazyRange.ADDRESS, lazy.range().start());
        buffer.putLong(at + ImageLayout.LazyRange.LENGTH, lazy.range().lengthBytes());
        buffer.putLong(at + ImageLayout.LazyRange.FIRST_PAGE, lazy.firstPage());
        buffer.putInt(at + ImageLayout.LazyRange.FLAGS, lazy.flags());
        return ImageLayout.LazyRange.SIZE_BYTES;
    }

    private static int action(ByteBuffer buffer, int at, SignalAction action) {
        buffer.putLong(at + ImageLayout.SignalAction.SIGNAL, action.signal());
        buffer.putLong(at + ImageLayout.SignalAction.HANDLER, action.handler());
        buffer.putLong(at + ImageLayout.SignalAction.FLAGS, action.flags());
        buffer.putLong(at + ImageLayout.SignalAction.RESTORER, action.restorer());
        buffer.putLong(at + ImageLayout.SignalAction.MASK, action.mask());
        return ImageLayout.SignalAction.SIZE_BYTES;
    }

    private static int posixTimer(ByteBuffer buffer, int at, PlannedTimer planned) {
        PosixTimer timer = planned.timer();
        buffer.putInt(at + ImageLayout.PosixTimer.ID, timer.id());
        buffer.putInt(at + ImageLayout.PosixTimer.CLOCK, timer.clock());
        buffer.putInt(at + ImageLayout.PosixTimer.CLOCK_THREAD, planned.clockThread().orElse(ImageLayout.NO_THREAD));
        buffer.putInt(at + ImageLayout.PosixTimer.THREAD, planned.thread().orElse(ImageLayout.NO_THREAD));
        buffer.putInt(at + ImageLayout.PosixTimer.NOTIFY, timer.notification());
        buffer.putInt(at + ImageLayout.PosixTimer.SIGNAL, timer.signal());
        buffer.putLong(at + ImageLayout.PosixTimer.VALUE, timer.value());
        buffer.putLong(at + ImageLayout.PosixTimer.INTERVAL_NS, timer.intervalNs());
        buffer.putLong(at + ImageLayout.PosixTimer.REMAINING_NS, timer.remainingNs());
        buffer.putInt(at + ImageLayout.PosixTimer.FIRES, planned.fires() ? 1 : 0);
        return ImageLayout.PosixTimer.SIZE_BYTES;
    }

    private int environmentChange(ByteBuffer buffer, int at, EnvironmentChange change) {
        buffer.putLong(at + ImageLayout.EnvironmentChange.TEXT, tables.text(change.text()));
        buffer.putLong(at + ImageLayout.EnvironmentChange.NAME_LENGTH, change.name().length());
        return ImageLayout.EnvironmentChange.SIZE_BYTES;
    }

    private int input(ByteBuffer buffer, int at, PlannedInput input) {
        return InputRecords.write(buffer, at, tables.text(input.path()), input);
    }

    private void fallback(ByteBuffer buffer, FallbackCommand command) {
        buffer.putLong(ImageLayout.Plan.FALLBACK_PATH, tables.text(command.program()));
        buffer.putInt(ImageLayout.Plan.FALLBACK_TAKES_ARGUMENTS, command.takesArguments() ? 1 : 0);
        records(buffer, tables.fallbackArguments, command.arguments(), (target, at, word) -> {
            target.putLong(at, tables.argument(word));
            return Long.BYTES;
        });
    }

    private static int pendingOfProcess(ByteBuffer buffer, int at, PlannedSignal planned) {
        int size = pending(buffer, at, planned.signal());
        planned.timer().ifPresent(index -> buffer.putInt(at + ImageLayout.PendingSignal.TIMER, index + 1));
        return size;
    }

    private static int pending(ByteBuffer buffer, int at, PendingSignal signal) {
        buffer.putInt(at + ImageLayout.PendingSignal.SIGNAL, signal.signal());
        buffer.put(at + ImageLayout.PendingSignal.INFO, signal.info().toArray());
        return ImageLayout.PendingSignal.SIZE_BYTES;
    }

    /** A register stands in the thread's frame, whose address is known only here. */
    private List<TidPatch> allPatches() {
        List<TidPatch> all = new ArrayList<>(plan.tidPatches());
        for (RegisterPatch patch : plan.registerPatches()) {
            long block = plan.slot()
                    + plan.stub().planOffset()
                    + tables.sizeBytes
                    + (long) patch.thread() * plan.threadBlockBytes();
            long address = block + ImageLayout.ThreadBlock.FRAME + patch.frameField();
            all.add(new TidPatch(address, 0, patch.thread(), Long.BYTES));
        }
        Collections.sort(all);
        return all;
    }

    private static int tidPatch(ByteBuffer buffer, int at, TidPatch patch) {
        buffer.putLong(at + ImageLayout.TidPatch.ADDRESS, patch.address());
        buffer.putLong(at + ImageLayout.TidPatch.KEEP_MASK, patch.keepMask());
        buffer.putInt(at + ImageLayout.TidPatch.THREAD, patch.thread());
        buffer.putInt(at + ImageLayout.TidPatch.WIDTH, patch.widthBytes());
        return ImageLayout.TidPatch.SIZE_BYTES;
    }

    private int vdsoSymbol(ByteBuffer buffer, int at, VdsoSymbol symbol) {
        buffer.putLong(at + ImageLayout.VdsoSymbol.NAME, tables.text(symbol.name()));
        buffer.putLong(at + ImageLayout.VdsoSymbol.OFFSET, symbol.offset());
        buffer.putInt(at + ImageLayout.VdsoSymbol.SYSTEM_CALL, symbol.systemCall());
        buffer.putInt(at + ImageLayout.VdsoSymbol.ROOM, symbol.roomBytes());
        return ImageLayout.VdsoSymbol.SIZE_BYTES;
    }

    private static int auxiliary(ByteBuffer buffer, int at, AuxiliaryEntry entry) {
        buffer.putLong(at, entry.type());
        buffer.putLong(at + Long.BYTES, entry.value());
        return 2 * Long.BYTES;
    }

    private void threads(ByteBuffer buffer) {
        int signalsBefore = 0;
        for (int i = 0; i < plan.threads().size(); i++) {
            PlannedThread thread = plan.threads().get(i);
            long block = tables.sizeBytes + (long) i * plan.threadBlockBytes();
            int at = Math.toIntExact(tables.threads.offset()) + i * ImageLayout.Thread.SIZE_BYTES;
            ThreadEncoder.writeRecord(buffer, at, thread, block);
            buffer.putLong(at + ImageLayout.Thread.RIGHTS, tables.rights.offsetOf(thread));
            Table pendingTable = tables.pendingOf(thread, signalsBefore);
            pendingTable.writeTo(buffer, at + ImageLayout.Thread.PENDING);
            records(buffer, pendingTable, thread.pending(), PlanEncoder::pending);
            signalsBefore += thread.pending().size();
        }
    }
}

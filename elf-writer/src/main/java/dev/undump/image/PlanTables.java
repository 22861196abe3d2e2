// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.FileOp;
import dev.undump.plan.ImagePlan;
import dev.undump.plan.MemoryOp;
import dev.undump.plan.PlanOffset;
import dev.undump.plan.PlannedThread;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where each table and each string of a plan stands: the first of two passes, nothing is written here.
 *
 * <p>Order: the plan record, the tables, the vdso's copy, the lazy ranges, the timers, changes of the environment, the inputs and
 * the fallback's arguments, the rights, the strings; and the memory steps, of which there may be millions, at the end.
 */
final class PlanTables {

    private static final int ALIGNMENT = 8;
    private static final int PAGE = 4096;

    final Table features;
    final Table components;
    final Table fileOps;
    final Table mappedFiles;
    final Table memoryOps;
    final Table actions;
    final Table pending;
    final Table threads;
    final Table threadPending;
    final Table tidPatches;
    final Table vdsoSymbols;
    final Table auxv;
    final Table vdsoCopy;
    final Table lazyRanges;
    final Table posixTimers;
    final Table environment;
    final Table inputs;
    final Table fallbackArguments;
    final RightsTables rights;
    final int sizeBytes;

    private final Map<NativeText, Long> strings = new LinkedHashMap<>();
    private long end = ImageLayout.Plan.SIZE_BYTES;
    private long programEnd;

    PlanTables(ImagePlan plan) {
        features = table(plan.requirements().features().size(), ImageLayout.CpuFeature.SIZE_BYTES);
        components = table(plan.requirements().components().size(), ImageLayout.XstateComponent.SIZE_BYTES);
        fileOps = table(plan.fileOps().size(), ImageLayout.FileOp.SIZE_BYTES);
        mappedFiles = table(plan.mappedFiles().size(), ImageLayout.MappedFile.SIZE_BYTES);
        actions = table(plan.actions().size(), ImageLayout.SignalAction.SIZE_BYTES);
        pending = table(plan.pending().size(), ImageLayout.PendingSignal.SIZE_BYTES);
        threads = table(plan.threads().size(), ImageLayout.Thread.SIZE_BYTES);
        int pendingOfThreads =
                plan.threads().stream().mapToInt(thread -> thread.pending().size()).sum();
        threadPending = table(pendingOfThreads, ImageLayout.PendingSignal.SIZE_BYTES);
        tidPatches = table(
                plan.tidPatches().size() + plan.registerPatches().size(), ImageLayout.TidPatch.SIZE_BYTES);
        vdsoSymbols = table(plan.vdso().symbols().size(), ImageLayout.VdsoSymbol.SIZE_BYTES);
        auxv = table(plan.auxv().size(), 2 * Long.BYTES);
        vdsoCopy = table(plan.vdso().copy().length(), 1);
        lazyRanges = table(plan.lazy().ranges().size(), ImageLayout.LazyRange.SIZE_BYTES);
        posixTimers = table(plan.timers().size(), ImageLayout.PosixTimer.SIZE_BYTES);
        environment = table(plan.view().environment().size(), ImageLayout.EnvironmentChange.SIZE_BYTES);
        inputs = table(plan.inputs().files().size(), ImageLayout.Input.SIZE_BYTES);
        fallbackArguments = table(
                plan.inputs().fallback().map(command -> command.arguments().size()).orElse(0), Long.BYTES);
        rights = new RightsTables(plan.threads(), this::table);
        collectStrings(plan);
        end = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        memoryOps = table(plan.memoryOps().size(), ImageLayout.MemoryOp.SIZE_BYTES);
        sizeBytes = Math.toIntExact((end + PAGE - 1) / PAGE * PAGE);
    }

    /** Plan offset of a string; 0 of the empty one. */
    long text(NativeText text) {
        if (text.isEmpty()) {
            return 0;
        }
        Long offset = strings.get(text);
        if (offset == null) {
            throw new IllegalStateException("string was not collected: " + text);
        }
        return offset;
    }

    /** Plan offset of an argument of the fallback; an empty one is a string as well. */
    long argument(NativeText text) {
        return text.isEmpty() ? programEnd : text(text);
    }

    /** All strings with their plan offsets. */
    Map<NativeText, Long> strings() {
        return strings;
    }

    private Table table(long count, int recordBytes) {
        Table table = new Table(end, count);
        end = (end + count * recordBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return table;
    }

    private void collectStrings(ImagePlan plan) {
        plan.requirements().features().forEach(feature -> string(feature.name()));
        for (FileOp op : plan.fileOps()) {
            string(op.path());
            op.values().forEach(this::string);
        }
        plan.mappedFiles().forEach(file -> string(file.path()));
        for (MemoryOp op : plan.memoryOps()) {
            string(op.offset());
        }
        plan.vdso().symbols().forEach(symbol -> string(symbol.name()));
        string(plan.view().workingDirectory());
        plan.view().environment().forEach(change -> string(change.text()));
        string(coverage(plan));
        plan.inputs().files().forEach(input -> string(input.path()));
        plan.inputs().fallback().ifPresent(command -> {
            string(command.program());
            command.arguments().forEach(this::string);
            programEnd = text(command.program()) + command.program().length();
        });
    }

    /** How the system calls were found, as the image says it; empty when nothing could be lazy. */
    static NativeText coverage(ImagePlan plan) {
        return plan.lazy().coverage().map(CoverageText::encode).map(NativeText::of).orElse(NativeText.EMPTY);
    }

    private void string(PlanOffset offset) {
        if (offset instanceof PlanOffset.Text text) {
            string(text.text());
        }
    }

    private void string(NativeText text) {
        if (!text.isEmpty() && strings.putIfAbsent(text, end) == null) {
            end += text.length() + 1;
        }
    }

    /** Table of the pending signals of one thread, inside the common one. */
    Table pendingOf(PlannedThread thread, int before) {
        return new Table(
                threadPending.offset() + (long) before * ImageLayout.PendingSignal.SIZE_BYTES,
                thread.pending().size());
    }
}

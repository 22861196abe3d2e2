// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.AuxiliaryEntry;
import dev.undump.checkpoint.CheckpointId;
import dev.undump.checkpoint.CheckpointProcess;
import dev.undump.checkpoint.SignalAction;
import java.util.List;

/**
 * Everything that an image does at launch, finished and in order; {@code struct image_plan} is its form on disk.
 *
 * <p>It holds no offsets of the file that it will stand in: {@link PlanOffset} leaves those to the writer.
 *
 * @param id of the checkpoint
 * @param slot address of the stub
 * @param stub what the stub is like
 * @param requirements what the launching machine must have
 * @param process umask, limits, timers and marks are taken over from here
 * @param view what of the launch itself the program goes on with
 * @param inputs what it looks at before it begins
 * @param oomScoreAdj 0: leave
 * @param fileOps steps for descriptors
 * @param mappedFiles files that memory steps refer to by index
 * @param memoryOps steps for memory
 * @param lazy which memory is lazy, and how that was decided
 * @param actions signal dispositions
 * @param pending signals pending for the process, in queue order
 * @param timers POSIX timers, by id
 * @param threads the leader first
 * @param tidPatches by address
 * @param registerPatches by thread
 * @param vdso the captured vdso
 * @param auxv as captured
 * @param threadBlockBytes bytes of a thread's block, page aligned
 * @param data where page data comes from, by offset, not overlapping
 * @param dataBytes bytes of page data, page aligned
 * @param overlays bytes of page data that differ from the checkpoint, by offset
 */
public record ImagePlan(
        CheckpointId id,
        long slot,
        StubLayout stub,
        Requirements requirements,
        CheckpointProcess process,
        LaunchView view,
        LaunchInputs inputs,
        int oomScoreAdj,
        List<FileOp> fileOps,
        List<MappedFile> mappedFiles,
        List<MemoryOp> memoryOps,
        LazyMemory lazy,
        List<SignalAction> actions,
        List<PlannedSignal> pending,
        List<PlannedTimer> timers,
        List<PlannedThread> threads,
        List<TidPatch> tidPatches,
        List<RegisterPatch> registerPatches,
        VdsoPlan vdso,
        List<AuxiliaryEntry> auxv,
        int threadBlockBytes,
        List<DataPiece> data,
        long dataBytes,
        List<DataOverlay> overlays) {

    public ImagePlan {
        fileOps = List.copyOf(fileOps);
        mappedFiles = List.copyOf(mappedFiles);
        memoryOps = StepList.copyOf(memoryOps);
        actions = List.copyOf(actions);
        pending = List.copyOf(pending);
        timers = List.copyOf(timers);
        threads = List.copyOf(threads);
        tidPatches = List.copyOf(tidPatches);
        registerPatches = List.copyOf(registerPatches);
        auxv = List.copyOf(auxv);
        data = data instanceof PieceList ? data : List.copyOf(data);
        overlays = List.copyOf(overlays);
    }
}

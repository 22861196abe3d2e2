// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a finished plan other memory steps.
 *
 * <p>Their table goes behind all others, so nothing else in the plan moves; but the thread blocks, which follow the plan in
 * memory, do, and with them the addresses that lead into them.
 */
final class PlanEditor {

    private static final int PAGE = 4096;
    private static final int[] ARGUMENTS = {
        ImageLayout.SignalFrame.RDI, ImageLayout.SignalFrame.RSI, ImageLayout.SignalFrame.RDX, ImageLayout.SignalFrame.R10
    };

    private final UntunedImage image;
    private final long planAddress;

    /** A plan and its thread blocks. */
    record Edited(ByteBuffer plan, ByteBuffer blocks) {}

    PlanEditor(UntunedImage image) {
        this.image = image;
        this.planAddress = image.sections().get(SectionTable.PLAN).address();
    }

    List<MemoryStep> steps() {
        ByteBuffer plan = image.plan();
        int at = Math.toIntExact(plan.getLong(Plan.MEMORY_OPS + ImageLayout.Table.OFFSET));
        long count = plan.getLong(Plan.MEMORY_OPS + ImageLayout.Table.COUNT);
        List<MemoryStep> steps = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            steps.add(MemoryStep.readFrom(plan, at));
            at += MemoryStep.SIZE_BYTES;
        }
        return steps;
    }

    /** Returns the size of a plan with so many steps. */
    int planBytes(int steps) {
        long bytes = image.plan().limit() + (long) steps * MemoryStep.SIZE_BYTES;
        return Math.toIntExact((bytes + PAGE - 1) / PAGE * PAGE);
    }

    /**
     * Makes plan and blocks.
     *
     * @param imageBytes size of the tuned image
     */
    Edited edit(List<MemoryStep> steps, long imageBytes) {
        int oldBytes = image.plan().limit();
        ByteBuffer plan = copy(image.plan(), planBytes(steps.size()));
        ByteBuffer blocks = copy(image.blocks(), image.blocks().limit());
        int at = oldBytes;
        for (MemoryStep step : steps) {
            boolean isBehind = step.kind() == ImageLayout.MEMORY_IMAGE && step.offset() >= image.sizeBytes();
            (isBehind ? step.withOffset(behind(imageBytes)) : step).writeTo(plan, at);
            at += MemoryStep.SIZE_BYTES;
        }
        plan.putLong(Plan.MEMORY_OPS + ImageLayout.Table.OFFSET, oldBytes);
        plan.putLong(Plan.MEMORY_OPS + ImageLayout.Table.COUNT, steps.size());
        plan.putLong(Plan.PLAN_SIZE, plan.limit());
        plan.putLong(Plan.IMAGE_SIZE, imageBytes);
        moveBlocks(plan, blocks, plan.limit() - oldBytes);
        plan.putInt(Plan.BLOCKS_CRC, UntunedImage.crc(blocks, -1));
        plan.putInt(Plan.PLAN_CRC, UntunedImage.crc(plan, Plan.PLAN_CRC));
        return new Edited(plan, blocks);
    }

    private static long behind(long imageBytes) {
        return (imageBytes + PAGE - 1) / PAGE * PAGE + PAGE;
    }

    private void moveBlocks(ByteBuffer plan, ByteBuffer blocks, long by) {
        long first = planAddress + image.plan().limit();
        long threads = plan.getLong(Plan.THREADS + ImageLayout.Table.OFFSET);
        long count = plan.getLong(Plan.THREADS + ImageLayout.Table.COUNT);
        for (long i = 0; i < count; i++) {
            int field = Math.toIntExact(threads + i * ImageLayout.Thread.SIZE_BYTES + ImageLayout.Thread.BLOCK);
            long block = plan.getLong(field);
            plan.putLong(field, block + by);
            moveBlock(blocks, Math.toIntExact(block - image.plan().limit()), planAddress + block, by);
        }
        long patches = plan.getLong(Plan.TID_PATCHES + ImageLayout.Table.OFFSET);
        long patchCount = plan.getLong(Plan.TID_PATCHES + ImageLayout.Table.COUNT);
        for (long i = 0; i < patchCount; i++) {
            int field = Math.toIntExact(patches + i * ImageLayout.TidPatch.SIZE_BYTES + ImageLayout.TidPatch.ADDRESS);
            long address = plan.getLong(field);
            if (address >= first && address < first + blocks.limit()) {
                plan.putLong(field, address + by);
            }
        }
    }

    /** See ThreadEncoder: what of a block holds an address of the block itself. */
    private static void moveBlock(ByteBuffer blocks, int at, long address, long by) {
        int frame = at + ImageLayout.ThreadBlock.FRAME;
        long call = address + ImageLayout.ThreadBlock.CALL;
        moveIfEqual(blocks, frame + ImageLayout.SignalFrame.FPSTATE, address + ImageLayout.BLOCK_XSTATE, by);
        if (blocks.getLong(at + ImageLayout.ThreadBlock.CALL + ImageLayout.ResumeCall.RETURN_ADDRESS) == 0) {
            return;
        }
        for (int argument : ARGUMENTS) {
            moveIfEqual(blocks, frame + argument, call + ImageLayout.ResumeCall.TIMESPEC, by);
        }
        moveIfEqual(blocks, frame + ImageLayout.SignalFrame.RBX, call, by);
    }

    private static void moveIfEqual(ByteBuffer blocks, int field, long value, long by) {
        if (blocks.getLong(field) == value) {
            blocks.putLong(field, value + by);
        }
    }

    private static ByteBuffer copy(ByteBuffer source, int bytes) {
        return ByteBuffer.allocate(bytes)
                .put(source.duplicate().clear())
                .clear()
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}

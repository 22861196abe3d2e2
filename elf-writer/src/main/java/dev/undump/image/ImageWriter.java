// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.NativeBinaries;
import dev.undump.plan.DataOverlay;
import dev.undump.plan.ImagePlan;
import dev.undump.plan.LayoutPlanner;
import dev.undump.plan.LazyMemory;
import dev.undump.plan.PlanException;
import dev.undump.plan.PlanOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes images. The same checkpoint gives the same bytes.
 *
 * <p>Memory need does not depend on the size of the image: page data goes from file to file inside the kernel, while the plan is
 * still being made.
 */
public final class ImageWriter {

    private ImageWriter() {}

    /**
     * Makes an executable of a checkpoint.
     *
     * @param checkpoint read and checked; its file must still be there
     * @param options what the user has chosen
     * @param out the image's path; an existing file is replaced at once when the image is complete, with mode 0700
     * @param progress is told about the copying of page data, from another thread, until this method returns
     * @return which memory a launch maps lazily, and how that was decided
     * @throws PlanException if the checkpoint holds something that cannot be brought back faithfully
     * @throws ImageException if the image cannot be written; nothing is left behind, an existing file is as before
     * @throws IOException if the checkpoint cannot be read
     */
    public static LazyMemory write(Checkpoint checkpoint, ImageOptions options, Path out, WriteProgress progress)
            throws IOException, PlanException {
        StubFile stub = StubFile.of(NativeBinaries.stub());
        PlanOptions planOptions = new PlanOptions(
                options.eager() ? PlanOptions.AnonymousMemory.READ : PlanOptions.AnonymousMemory.LAZY,
                options.policies(),
                options.forceVdsoTrampolines());
        try (FileChannel source = FileChannel.open(checkpoint.file(), StandardOpenOption.READ);
                NewFile file = NewFile.create(out, checkpoint.header().totalSize());
                PageCopy pages =
                        new PageCopy(checkpoint.file(), source, file, ImageGeometry.dataStart(stub), progress)) {
            ImagePlan plan = LayoutPlanner.plan(checkpoint, stub.layout(), planOptions, pages::start);
            ImageGeometry geometry = writeHead(checkpoint, stub, plan, file);
            pages.await();
            for (DataOverlay overlay : plan.overlays()) {
                file.write(overlay.content().buffer(), geometry.data() + overlay.dataOffset());
            }
            ByteRange index = checkpoint.header().index();
            long headerBytes = CheckpointLayout.Header.SIZE_BYTES;
            BufferCopy summary = new BufferCopy(checkpoint.file(), source, file);
            summary.copy(0, geometry.checkpoint(), headerBytes);
            summary.copy(index.start(), geometry.checkpoint() + headerBytes, index.lengthBytes());
            file.commit();
            return plan.lazy();
        }
    }

    /** Writes everything that is not copied: headers, stub, plan, thread blocks. */
    private static ImageGeometry writeHead(Checkpoint checkpoint, StubFile stub, ImagePlan plan, NewFile file)
            throws ImageException {
        PlanTables tables = new PlanTables(plan);
        ImageGeometry geometry =
                ImageGeometry.of(stub, plan, tables.sizeBytes, CheckpointReader.summarySize(checkpoint));
        byte[] blocks = threadBlocks(plan, tables);
        ElfTables elf = new ElfTables(stub, plan, tables.sizeBytes, geometry);
        file.write(elf.headers(), 0);
        file.write(ByteBuffer.wrap(stub.text()), geometry.stubText());
        file.write(ByteBuffer.wrap(stub.data()), geometry.stubData());
        new PlanEncoder(plan, tables, geometry).encode(blocks, (portion, at) -> file.write(portion, geometry.plan() + at));
        file.write(ByteBuffer.wrap(blocks), geometry.blocks());
        file.write(ByteBuffer.wrap(SectionNames.BYTES), geometry.names());
        file.write(elf.sections(), geometry.sections());
        return geometry;
    }

    private static byte[] threadBlocks(ImagePlan plan, PlanTables tables) {
        int bytes = Math.multiplyExact(plan.threads().size(), plan.threadBlockBytes());
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long first = plan.slot() + plan.stub().planOffset() + tables.sizeBytes;
        for (int i = 0; i < plan.threads().size(); i++) {
            int at = i * plan.threadBlockBytes();
            long resumeCall = plan.slot() + plan.stub().resumeCall();
            ThreadEncoder.writeBlock(buffer, at, plan.threads().get(i), first + at, resumeCall);
        }
        return buffer.array();
    }
}

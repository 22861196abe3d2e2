// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.image.CoverageText;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.nativestub.ImageLayout.Untuned;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import net.fornwall.jelf.ElfFile;
import net.fornwall.jelf.ElfSection;

/**
 * What the plan in an image says.
 *
 * @param checkpoint where the summary of the checkpoint stands in the file
 * @param slot address of the stub
 * @param minimumKernel like {@code 5.10}
 * @param memory how a launch brings it back
 * @param steps what it does about the world around the program
 * @param inputs what its launches look at
 * @param tuning present if the image is tuned
 */
record ImageSummary(
        ByteRange checkpoint,
        long slot,
        String minimumKernel,
        long cpuFeatures,
        LaunchMemory memory,
        long memorySteps,
        long fileSteps,
        long signalSteps,
        long threads,
        long threadIdPatches,
        ImageSteps steps,
        ImageInputs inputs,
        Optional<Tuning> tuning) {

    private static final byte[] ELF_MAGIC = {0x7f, 'E', 'L', 'F'};
    private static final String PLAN_SECTION = ".undump.plan";
    private static final String UNTUNED_SECTION = ".undump.untuned";
    private static final String CHECKPOINT_SECTION = ".undump.checkpoint";

    private static final int LONGEST_TEXT = 1 << 20;

    /** Steps are read in portions of this many bytes. */
    private static final int PORTION_BYTES = 1024 * ImageLayout.MemoryOp.SIZE_BYTES;

    /** Returns whether a file begins like an ELF file; false also for one that is not there. */
    static boolean isElf(Path file) throws IOException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            return false;
        }
        try (InputStream start = Files.newInputStream(file)) {
            return Arrays.equals(start.readNBytes(ELF_MAGIC.length), ELF_MAGIC);
        }
    }

    /**
     * Reads the plan of an image.
     *
     * @throws IOException if the ELF file is no image, or a damaged one
     */
    static ImageSummary read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ElfFile elf = ElfFile.from(new ChannelFile(channel));
            ByteRange checkpoint = section(elf, CHECKPOINT_SECTION, file, channel.size());
            ByteRange plan = section(elf, PLAN_SECTION, file, channel.size());
            return read(file, channel, checkpoint, plan, tuning(elf, file, channel));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (RuntimeException e) {
            // The library trusts the numbers in a file; when they lie, it throws whatever comes of that.
            throw damaged(file, e.getMessage(), e);
        }
    }

    private static Optional<Tuning> tuning(ElfFile elf, Path file, FileChannel channel) throws IOException {
        if (elf.firstSectionByName(UNTUNED_SECTION) == null) {
            return Optional.empty();
        }
        ByteRange untuned = section(elf, UNTUNED_SECTION, file, channel.size());
        return Optional.of(Tuning.of(read(channel, untuned.start(), Untuned.HEAD)));
    }

    private static ImageSummary read(
            Path file, FileChannel channel, ByteRange checkpoint, ByteRange plan, Optional<Tuning> tuning)
            throws IOException {
        if (plan.lengthBytes() < Plan.SIZE_BYTES) {
            throw damaged(file, "its plan has " + plan.lengthBytes() + " bytes", null);
        }
        ByteBuffer head = read(channel, plan.start(), Plan.SIZE_BYTES);
        int version = head.getInt(Plan.VERSION);
        if (head.getLong(Plan.MAGIC) != ImageLayout.MAGIC_U64) {
            throw damaged(file, "its plan does not begin as it should", null);
        }
        if (version != ImageLayout.VERSION) {
            throw new IOException("reading the image " + file + ": its format version is " + Integer.toUnsignedString(version)
                    + ", this undump reads " + ImageLayout.VERSION + "; use the undump that made it");
        }
        long[] bytes = memoryBytes(file, channel, plan, head);
        return new ImageSummary(
                checkpoint,
                head.getLong(Plan.SLOT),
                Integer.toUnsignedString(head.getInt(Plan.MIN_KERNEL_MAJOR)) + "."
                        + Integer.toUnsignedString(head.getInt(Plan.MIN_KERNEL_MINOR)),
                count(head, Plan.CPU_FEATURES),
                new LaunchMemory(
                        bytes[ImageLayout.MEMORY_LAZY],
                        count(head, Plan.LAZY_RANGES),
                        bytes[ImageLayout.MEMORY_READ],
                        bytes[ImageLayout.MEMORY_IMAGE],
                        CoverageText.decode(coverage(channel, plan, head))),
                count(head, Plan.MEMORY_OPS),
                count(head, Plan.FILE_OPS),
                count(head, Plan.ACTIONS),
                count(head, Plan.THREADS),
                count(head, Plan.TID_PATCHES),
                ImageSteps.read(new PlanReader(file, channel, plan, head)),
                ImageInputs.read(new PlanReader(file, channel, plan, head)),
                tuning);
    }

    /** Sums the lengths of memory steps by kind. */
    private static long[] memoryBytes(Path file, FileChannel channel, ByteRange plan, ByteBuffer head) throws IOException {
        long offset = head.getLong(Plan.MEMORY_OPS + ImageLayout.Table.OFFSET);
        long count = count(head, Plan.MEMORY_OPS);
        boolean inside = offset >= 0
                && offset <= plan.lengthBytes()
                && count >= 0
                && count <= (plan.lengthBytes() - offset) / ImageLayout.MemoryOp.SIZE_BYTES;
        if (!inside) {
            throw damaged(file, count + " memory steps at " + offset + " are not inside its plan", null);
        }
        long[] sums = new long[ImageLayout.MEMORY_LAZY + 1];
        long end = plan.start() + offset + count * ImageLayout.MemoryOp.SIZE_BYTES;
        for (long position = plan.start() + offset; position < end; position += PORTION_BYTES) {
            ByteBuffer portion = read(channel, position, (int) Math.min(PORTION_BYTES, end - position));
            for (int at = 0; at < portion.limit(); at += ImageLayout.MemoryOp.SIZE_BYTES) {
                int kind = portion.getInt(at + ImageLayout.MemoryOp.KIND);
                if (kind >= 0 && kind < sums.length) {
                    sums[kind] += portion.getLong(at + ImageLayout.MemoryOp.LENGTH);
                }
            }
        }
        return sums;
    }

    /** The zero-terminated text that says how system calls were found. */
    private static String coverage(FileChannel channel, ByteRange plan, ByteBuffer head) throws IOException {
        long offset = head.getLong(Plan.COVERAGE);
        if (offset <= 0 || offset >= plan.lengthBytes()) {
            return "";
        }
        int room = (int) Math.min(LONGEST_TEXT, plan.lengthBytes() - offset);
        byte[] text = read(channel, plan.start() + offset, room).array();
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        return new String(text, 0, length, StandardCharsets.UTF_8);
    }

    private static long count(ByteBuffer head, int table) {
        return head.getLong(table + ImageLayout.Table.COUNT);
    }

    private static ByteRange section(ElfFile elf, String name, Path file, long fileSize) throws IOException {
        ElfSection section = elf.firstSectionByName(name);
        if (section == null) {
            throw new IOException("reading " + file + ": it is an ELF file but no image, it has no section " + name
                    + "; give a file that ckpt or undump wrote");
        }
        ByteRange range = ByteRange.ofLength(section.header.sh_offset, section.header.sh_size);
        if (range.end() > fileSize) {
            throw new IOException("reading the image " + file + ": it is truncated: " + fileSize + " bytes found, "
                    + range.end() + " expected; copy it again from where it came");
        }
        return range;
    }

    static ByteBuffer read(FileChannel channel, long position, int size) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new IOException("the image ended at byte " + (position + buffer.position()) + " while it was being read");
            }
        }
        return buffer.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    static IOException damaged(Path file, String found, Exception cause) {
        return new IOException("reading the image " + file + ": it is damaged: " + found + "; copy it again from where it came", cause);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.nativestub.ImageLayout.Untuned;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * What tuning starts from: an image, or the untuned image that is inside a tuned one.
 *
 * @param head its first page
 * @param sections its sections
 * @param plan all of {@code struct image_plan} and its tables
 * @param blocks the thread blocks
 * @param sizeBytes of the untuned image
 * @param isTuned whether the file is a tuned image
 */
record UntunedImage(
        ByteBuffer head, SectionTable sections, ByteBuffer plan, ByteBuffer blocks, long sizeBytes, boolean isTuned) {

    static final int E_SHOFF = 40;
    static final int E_SHNUM = 60;
    static final int E_SHSTRNDX = 62;

    private static final int ELF_MAGIC = 0x464c457f;
    private static final int SECTION_HEADER_BYTES = 64;

    /** A plan beyond this does not fit the slot. */
    private static final int LARGEST = 1 << 29;

    /**
     * Reads and checks what a launch checks as well.
     *
     * @throws TuneException if it is no image, one of another version, truncated or damaged
     */
    static UntunedImage read(Path file, FileChannel channel) throws IOException {
        try {
            UntunedImage image = readUnchecked(channel);
            check(file, image, channel.size());
            return image;
        } catch (EOFException e) {
            throw new TuneException(file, "the image is truncated: " + e.getMessage() + "; copy it again from where it came", e);
        } catch (RuntimeException e) {
            // Numbers that lie lead anywhere.
            throw new TuneException(file, "the image is damaged: " + e.getMessage() + "; copy it again from where it came", e);
        }
    }

    private static UntunedImage readUnchecked(FileChannel channel) throws IOException {
        ByteBuffer head = read(channel, 0, ImageLayout.HEAD_BYTES);
        SectionTable sections = sections(channel, head);
        if (sections.indexOf(SectionTable.UNTUNED) < 0) {
            return of(channel, head, sections, channel.size(), false);
        }
        SectionTable.Section section = sections.get(SectionTable.UNTUNED);
        ByteBuffer untuned = read(channel, section.offset(), section.size());
        if (untuned.getLong(Untuned.MAGIC) != ImageLayout.UNTUNED_MAGIC_U64) {
            throw new IllegalArgumentException("what it keeps of the untuned image does not begin as it should");
        }
        ByteBuffer oldHead =
                untuned.slice(Untuned.HEAD, ImageLayout.HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return of(channel, oldHead, sections(channel, oldHead), untuned.getLong(Untuned.IMAGE_SIZE), true);
    }

    private static UntunedImage of(
            FileChannel channel, ByteBuffer head, SectionTable sections, long sizeBytes, boolean isTuned)
            throws IOException {
        SectionTable.Section plan = sections.get(SectionTable.PLAN);
        SectionTable.Section blocks = sections.get(SectionTable.THREADS);
        return new UntunedImage(
                head,
                sections,
                read(channel, plan.offset(), plan.size()),
                read(channel, blocks.offset(), blocks.size()),
                sizeBytes,
                isTuned);
    }

    private static void check(Path file, UntunedImage image, long fileBytes) throws TuneException {
        ByteBuffer plan = image.plan;
        if (plan.limit() < Plan.SIZE_BYTES || plan.getLong(Plan.MAGIC) != ImageLayout.MAGIC_U64) {
            throw new TuneException(file, "its plan does not begin as that of an image; give a file that undump wrote", null);
        }
        int version = plan.getInt(Plan.VERSION);
        if (version != ImageLayout.VERSION) {
            throw new TuneException(
                    file,
                    "its format version is " + Integer.toUnsignedString(version) + ", this undump tunes "
                            + ImageLayout.VERSION + "; use the undump that made it",
                    null);
        }
        long size = plan.getLong(Plan.IMAGE_SIZE);
        if (size > fileBytes) {
            throw new TuneException(
                    file,
                    "the image is truncated: " + fileBytes + " bytes found, " + size + " expected; copy it again from where it came",
                    null);
        }
        require(size == image.sizeBytes || !image.isTuned && size < fileBytes, "image size");
        require(plan.getLong(Plan.PLAN_SIZE) == plan.limit(), "size of the plan");
        require(plan.getLong(Plan.BLOCKS_SIZE) == image.blocks.limit(), "size of the thread blocks");
        require(crc(plan, Plan.PLAN_CRC) == plan.getInt(Plan.PLAN_CRC), "checksum of the plan");
        require(crc(image.blocks, -1) == plan.getInt(Plan.BLOCKS_CRC), "checksum of the thread blocks");
    }

    private static void require(boolean right, String what) {
        if (!right) {
            throw new IllegalArgumentException("the " + what + " is wrong");
        }
    }

    /** CRC-32C with one field taken as zero, if its place is not negative. */
    static int crc(ByteBuffer bytes, int field) {
        ByteBuffer copy = ByteBuffer.allocate(bytes.limit()).put(bytes.duplicate().clear());
        if (field >= 0) {
            copy.putInt(field, 0);
        }
        CRC32C crc = new CRC32C();
        crc.update(copy.clear());
        return (int) crc.getValue();
    }

    private static SectionTable sections(FileChannel channel, ByteBuffer head) throws IOException {
        if (head.getInt(0) != ELF_MAGIC) {
            throw new IllegalArgumentException("it is not an ELF file");
        }
        int count = Short.toUnsignedInt(head.getShort(E_SHNUM));
        ByteBuffer headers = read(channel, head.getLong(E_SHOFF), (long) count * SECTION_HEADER_BYTES);
        int names = Short.toUnsignedInt(head.getShort(E_SHSTRNDX)) * SECTION_HEADER_BYTES;
        return SectionTable.decode(headers, read(channel, headers.getLong(names + 24), headers.getLong(names + 32)).array());
    }

    private static ByteBuffer read(FileChannel channel, long position, long bytes) throws IOException {
        if (position < 0 || bytes < 0 || bytes > LARGEST) {
            throw new IllegalArgumentException(bytes + " bytes at " + position + " cannot be right");
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException(channel.size() + " bytes found, " + (position + bytes) + " expected");
            }
        }
        return buffer.clear().order(ByteOrder.LITTLE_ENDIAN);
    }
}

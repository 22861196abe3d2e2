// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.nativestub.ImageLayout.Untuned;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A plan inside an image.
 *
 * @param offset image offset in bytes
 * @param plan all of it, as it stands in the file
 */
record PlanPlace(long offset, ByteBuffer plan) {

    private static final int ELF_MAGIC = 0x464c457f;
    private static final int E_PHOFF = 32;
    private static final int E_PHNUM = 56;
    private static final int PT_LOAD = 1;
    private static final int P_OFFSET = 8;
    private static final int P_FILESZ = 32;
    private static final int SUM_BYTES = Integer.BYTES;

    /** A plan beyond this does not fit the slot. */
    private static final int LARGEST = 1 << 29;

    /**
     * Finds the plan of an image; of a tuned one that of the untuned image inside of it as well.
     *
     * @return the one that counts first
     * @throws IllegalArgumentException if it is no image, or a damaged one
     * @throws EOFException if it is truncated
     */
    static List<PlanPlace> find(FileChannel channel) throws IOException {
        List<PlanPlace> places = new ArrayList<>();
        long behind = addPlan(places, channel, read(channel, 0, ImageLayout.HEAD_BYTES));
        if (channel.size() - behind >= Untuned.SIZE_BYTES) {
            ByteBuffer untuned = read(channel, behind, Untuned.SIZE_BYTES);
            if (untuned.getLong(Untuned.MAGIC) == ImageLayout.UNTUNED_MAGIC_U64) {
                ByteBuffer head = untuned.slice(Untuned.HEAD, ImageLayout.HEAD_BYTES);
                addPlan(places, channel, head.order(ByteOrder.LITTLE_ENDIAN));
            }
        }
        return places;
    }

    /** Adds the plan that the loader finds by these headers. Returns where its thread blocks end. */
    private static long addPlan(List<PlanPlace> places, FileChannel channel, ByteBuffer head) throws IOException {
        require(head.getInt(0) == ELF_MAGIC, "it is no ELF file");
        long at = head.getLong(E_PHOFF);
        int count = Short.toUnsignedInt(head.getShort(E_PHNUM));
        require(at >= 0 && at <= head.limit() - (long) count * ElfTables.PROGRAM_HEADER_BYTES, "its program headers are elsewhere");
        for (int i = 0; i < count; i++, at += ElfTables.PROGRAM_HEADER_BYTES) {
            long offset = head.getLong((int) at + P_OFFSET);
            long size = head.getLong((int) at + P_FILESZ);
            if (head.getInt((int) at) == PT_LOAD && size >= Plan.SIZE_BYTES && size <= LARGEST && offset >= 0) {
                ByteBuffer magic = read(channel, offset, Long.BYTES);
                if (magic.getLong(0) == ImageLayout.MAGIC_U64) {
                    PlanPlace place = new PlanPlace(offset, read(channel, offset, (int) size));
                    place.check();
                    places.add(place);
                    return offset + size + place.plan.getLong(Plan.BLOCKS_SIZE);
                }
            }
        }
        throw new IllegalArgumentException("nothing that it loads is a plan: it is no image");
    }

    private void check() {
        int version = plan.getInt(Plan.VERSION);
        require(version == ImageLayout.VERSION, "its format version is " + Integer.toUnsignedString(version) + ", this undump knows "
                + ImageLayout.VERSION);
        require(plan.getLong(Plan.PLAN_SIZE) == plan.limit(), "its plan is not as long as it says");
        require(plan.getInt(Plan.PLAN_CRC) == checksum(), "the checksum of its plan is wrong");
        long blocks = plan.getLong(Plan.BLOCKS_SIZE);
        require(blocks >= 0 && blocks <= LARGEST, "its thread blocks have " + blocks + " bytes");
    }

    /** Computes the checksum that belongs into the plan. */
    int checksum() {
        CRC32C sum = new CRC32C();
        sum.update(plan.slice(0, Plan.PLAN_CRC));
        sum.update(new byte[SUM_BYTES]);
        int behind = Plan.PLAN_CRC + SUM_BYTES;
        sum.update(plan.slice(behind, plan.limit() - behind));
        return (int) sum.getValue();
    }

    /**
     * Returns where a table's records stand, bytes from the start of the plan.
     *
     * @param field offset of the table in {@code struct image_plan}
     */
    List<Integer> records(int field, int recordBytes) {
        long offset = plan.getLong(field + ImageLayout.Table.OFFSET);
        long count = plan.getLong(field + ImageLayout.Table.COUNT);
        require(offset >= 0 && offset <= plan.limit() && count >= 0 && count <= (plan.limit() - offset) / recordBytes,
                "a table of " + count + " records at " + offset + " is not inside its plan");
        List<Integer> places = new ArrayList<>((int) count);
        for (int i = 0; i < count; i++) {
            places.add((int) offset + i * recordBytes);
        }
        return places;
    }

    /** Returns a string. */
    NativeText text(long offset) {
        require(offset > 0 && offset < plan.limit(), "a string at " + offset + " is not inside its plan");
        int end = (int) offset;
        while (plan.get(end) != 0) {
            end++;
        }
        return NativeText.copyOf(Arrays.copyOfRange(plan.array(), (int) offset, end));
    }

    private static void require(boolean valid, String fault) {
        if (!valid) {
            throw new IllegalArgumentException(fault);
        }
    }

    private static ByteBuffer read(FileChannel channel, long position, int size) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(size);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException("it ends at byte " + (position + buffer.position()));
            }
        }
        return buffer.flip().order(ByteOrder.LITTLE_ENDIAN);
    }
}

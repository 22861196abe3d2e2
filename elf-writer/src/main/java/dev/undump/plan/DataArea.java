// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Extent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Collects the page data of an image while the planner runs, in the order in which pieces are asked for.
 *
 * <p>Neighbours in memory that are neighbours in the checkpoint become one piece, so that the writer copies few and long.
 */
final class DataArea {

    private static final int PAGE = 4096;

    /** Bytes of memory at a place of the page data. */
    private record Placement(ByteRange memory, long dataOffset) {}

    private final PieceList pieces = new PieceList();
    /** Address, offset behind the last byte in memory, data offset of single extents, as long as addresses grow. */
    private final LongRows ascending = new LongRows();

    private final TreeMap<Long, Placement> placements = new TreeMap<>();
    private final TreeMap<Long, DataOverlay> overlays = new TreeMap<>();
    private long size;

    /** Reserves room without contents and returns its offset; what nothing is copied to is a hole. */
    long reserve(long lengthBytes) {
        long offset = size;
        size = Math.addExact(size, (lengthBytes + PAGE - 1) / PAGE * PAGE);
        return offset;
    }

    /**
     * Puts the stored bytes of an address range behind all others, with holes where nothing is stored.
     *
     * @param extents by address; those outside the range are left out
     * @return the offset of the range
     */
    long appendRun(ByteRange range, List<Extent> extents) {
        long offset = reserve(range.lengthBytes());
        Extents.inside(extents, range)
                .forEach(extent -> pieces.append(
                        extent.fileOffset(), extent.lengthBytes(), offset + (extent.address() - range.start())));
        placements.put(range.start(), new Placement(range, offset));
        return offset;
    }

    /** Puts an extent's bytes behind all others and returns their offset. */
    long append(Extent extent) {
        long offset = reserve(extent.lengthBytes());
        pieces.append(extent.fileOffset(), extent.lengthBytes(), offset);
        int last = ascending.size() - 1;
        if (last < 0 || ascending.get(last, 1) <= extent.address()) {
            ascending.add(extent.address(), extent.range().end(), offset);
        } else {
            placements.put(extent.address(), new Placement(extent.range(), offset));
        }
        return offset;
    }

    /** Puts bytes of the checkpoint that belong to no address, such as a deleted file's, behind all others. */
    long append(long checkpointOffset, long lengthBytes) {
        long offset = reserve(lengthBytes);
        pieces.append(checkpointOffset, lengthBytes, offset);
        return offset;
    }

    /** Returns where the byte of an address stands; empty when its page is not stored. */
    OptionalLong offsetOf(long address) {
        Map.Entry<Long, Placement> entry = placements.floorEntry(address);
        if (entry == null || !entry.getValue().memory().contains(address)) {
            return ascendingOffsetOf(address);
        }
        Placement placement = entry.getValue();
        return OptionalLong.of(placement.dataOffset() + (address - placement.memory().start()));
    }

    private OptionalLong ascendingOffsetOf(long address) {
        int low = 0;
        int high = ascending.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ascending.get(middle, 1) <= address) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < ascending.size() && ascending.get(low, 0) <= address
                ? OptionalLong.of(ascending.get(low, 2) + (address - ascending.get(low, 0)))
                : OptionalLong.empty();
    }

    /** Makes an 8-byte aligned word of memory zero in the image; a word that is not stored is zero already. */
    void clearWord(long address) {
        clear(address, Long.BYTES);
    }

    /** The same with an aligned word of four bytes. */
    void clearInt(long address) {
        clear(address, Integer.BYTES);
    }

    private void clear(long address, int widthBytes) {
        offsetOf(address)
                .ifPresent(offset -> overlays.put(offset, new DataOverlay(offset, Bytes.copyOf(new byte[widthBytes]))));
    }

    /** Returns whether all pages of a range are stored. */
    boolean isStored(ByteRange memory) {
        for (long at = memory.start(); at < memory.end(); at = (at / PAGE + 1) * PAGE) {
            if (offsetOf(at).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** Puts other bytes to stored memory than the checkpoint has there. */
    void patch(long address, Bytes content) {
        byte[] bytes = content.toArray();
        for (int done = 0; done < bytes.length; ) {
            long at = address + done;
            int end = (int) Math.min(bytes.length, done + PAGE - at % PAGE);
            long offset = offsetOf(at).orElseThrow();
            overlays.put(offset, new DataOverlay(offset, Bytes.copyOf(Arrays.copyOfRange(bytes, done, end))));
            done = end;
        }
    }

    /** Puts bytes that the checkpoint does not have behind all others and returns their offset. */
    long append(Bytes content) {
        long offset = reserve(content.length());
        overlays.put(offset, new DataOverlay(offset, content));
        return offset;
    }

    /** Where copied bytes come from; grows no more when everything has its place. */
    List<DataPiece> pieces() {
        return pieces;
    }

    List<DataOverlay> overlays() {
        return List.copyOf(overlays.values());
    }

    /** Bytes so far, page aligned. */
    long sizeBytes() {
        return size;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * Bytes of the checkpoint file that go into the image's page data unchanged.
 *
 * @param dataOffset bytes from the start of the page data, page aligned
 * @param lengthBytes not zero
 * @param checkpointOffset bytes from the start of the checkpoint file, page aligned
 */
public record DataPiece(long dataOffset, long lengthBytes, long checkpointOffset) {

    public DataPiece {
        if (dataOffset < 0 || lengthBytes <= 0 || checkpointOffset < 0 || (dataOffset | checkpointOffset) % 4096 != 0) {
            throw new IllegalArgumentException(
                    "piece of " + lengthBytes + " bytes at " + dataOffset + " from " + checkpointOffset);
        }
    }

    /** Offset behind the last byte. */
    public long dataEnd() {
        return dataOffset + lengthBytes;
    }
}

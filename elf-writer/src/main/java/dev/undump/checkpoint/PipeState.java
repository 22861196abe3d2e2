// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A pipe that lives inside the process.
 *
 * @param capacity bytes
 * @param packetMode whether the writing end has {@code O_DIRECT}
 * @param dataOffset bytes in flight in the checkpoint, page aligned; 0 is none
 * @param dataSize bytes
 * @param packetCount not 0: the data starts with that many 32-bit lengths, then the bytes
 * @param crc CRC-32C of the data
 */
public record PipeState(
        long inode, int capacity, boolean packetMode, long dataOffset, long dataSize, int packetCount, int crc) {

    public PipeState {
        Checks.check(capacity > 0, "pipe capacity", capacity);
        Checks.pageAligned("offset of pipe contents", dataOffset);
        Checks.notNegative("size of pipe contents", dataSize);
        Checks.check(dataSize == 0 || dataOffset != 0, "offset of pipe contents", dataOffset);
        Checks.check(packetCount >= 0 && packetCount <= dataSize / Integer.BYTES, "packet count", packetCount);
    }
}

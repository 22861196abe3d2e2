// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * What the file says about itself.
 *
 * @param version format version, {@code CKPT_VERSION} of the writer
 * @param totalSize bytes of the whole file
 * @param data page data: offsets in the file
 * @param index section table and records: offsets in the file
 * @param id names this checkpoint
 */
public record CheckpointHeader(int version, long totalSize, ByteRange data, ByteRange index, CheckpointId id) {}

// SPDX-License-Identifier: Apache-2.0
/**
 * A checkpoint as immutable records, and the reader that makes them from a file that it does not trust.
 *
 * <p>The face is {@link dev.undump.checkpoint.CheckpointReader}: it returns a {@link dev.undump.checkpoint.Checkpoint} in which
 * every number was checked, or throws {@link dev.undump.checkpoint.CheckpointException}. The meaning of every field is stated
 * once, in {@code native-stub/format/checkpoint_format.h}; records keep its order and units. Addresses, sizes and offsets are
 * never negative; numbers that the program may choose freely (registers, masks, epoll data) are raw 64-bit values.
 */
package dev.undump.checkpoint;

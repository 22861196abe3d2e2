// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Bytes;

/**
 * Bytes of the page data that differ from the checkpoint's.
 *
 * @param dataOffset bytes from the start of the page data
 * @param content what stands there instead
 */
public record DataOverlay(long dataOffset, Bytes content) {}

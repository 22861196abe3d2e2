// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

/**
 * What a collection did.
 *
 * @param evictedImages images that were removed
 * @param evictedBytes of those images
 * @param removedEntries entries that were removed, with their images or because they had none
 * @param removedParts unfinished files that were removed
 * @param keptImages images that stay
 * @param keptBytes of those images; above the limit when the rest was used a moment ago
 */
public record GcReport(
        long evictedImages, long evictedBytes, long removedEntries, long removedParts, long keptImages, long keptBytes) {}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.time.Duration;

/**
 * What a store holds and what it has been good for. Counts are of everybody who used it, since it was made.
 *
 * @param hits runs that found their image here
 * @param remoteHits runs that found it in another store
 * @param misses runs that found none
 * @param failures runs in which something of ours failed
 * @param published images that were put in
 * @param publishedBytes of those images
 * @param evictions images that were removed to keep the limit
 * @param evictedBytes of those images
 * @param saved time that hits saved
 * @param entries keys that have an image now
 * @param images images that are here now
 * @param imageBytes of those images
 */
public record StoreStatistics(
        long hits,
        long remoteHits,
        long misses,
        long failures,
        long published,
        long publishedBytes,
        long evictions,
        long evictedBytes,
        Duration saved,
        long entries,
        long images,
        long imageBytes) {}

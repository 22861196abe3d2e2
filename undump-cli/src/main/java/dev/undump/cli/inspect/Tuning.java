// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.nativestub.ImageLayout.Untuned;
import java.nio.ByteBuffer;

/**
 * What {@code undump tune} has left in an image.
 *
 * @param limitMs how long its program was observed at most
 * @param prefetchBytes what a launch asks for at once
 * @param prefetchPieces in so many pieces
 * @param hugeBytes what a launch reads into huge pages
 */
record Tuning(long limitMs, long prefetchBytes, long prefetchPieces, long hugeBytes) {

    static Tuning of(ByteBuffer untuned) {
        return new Tuning(
                untuned.getLong(Untuned.LIMIT_MS),
                untuned.getLong(Untuned.PREFETCH_BYTES),
                untuned.getLong(Untuned.PREFETCH_COUNT),
                untuned.getLong(Untuned.HUGE_BYTES));
    }
}

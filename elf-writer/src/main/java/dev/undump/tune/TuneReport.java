// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import java.util.Optional;

/**
 * What tuning has found and done.
 *
 * @param end how the observed run ended: {@code exited N}, {@code killed N}, or {@code stopped} by the time limit
 * @param readBytes what the program had mapped of the image by then
 * @param writtenBytes pages of the image that it had written to
 * @param prefetchBytes what a launch asks for at once
 * @param prefetchPieces in so many pieces
 * @param hugeBytes what it reads into huge pages
 * @param isReplaced the program became another one, so its memory could not be looked at
 * @param cold time of a launch with nothing in memory
 * @param warm time of a launch when everything is in memory
 */
public record TuneReport(
        String end,
        long readBytes,
        long writtenBytes,
        long prefetchBytes,
        long prefetchPieces,
        long hugeBytes,
        boolean isReplaced,
        Optional<Times> cold,
        Optional<Times> warm) {

    /**
     * Medians of runs in turn, in nanoseconds.
     *
     * @param before of the image as it was
     * @param after of the tuned one
     * @param toOutput true: to the first byte of output; false: to the end of the program, which wrote nothing
     */
    public record Times(long before, long after, boolean toOutput) {}
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import java.util.List;

/**
 * How to tune.
 *
 * @param limitMs how long the program runs at most, each time, in milliseconds
 * @param rounds how often launches are timed, with and without the image in memory; 0: not at all
 * @param arguments for the program
 */
public record TuneOptions(long limitMs, int rounds, List<String> arguments) {

    /** How long programs run when nothing else is asked for. */
    public static final long DEFAULT_LIMIT_MS = 1000;

    /** How often launches are timed when nothing else is asked for. */
    public static final int DEFAULT_ROUNDS = 3;

    public TuneOptions {
        if (limitMs < 1 || rounds < 0) {
            throw new IllegalArgumentException(limitMs + " ms, " + rounds + " rounds");
        }
        arguments = List.copyOf(arguments);
    }
}

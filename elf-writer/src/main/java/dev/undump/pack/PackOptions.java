// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

/**
 * How to pack.
 *
 * @param level of zstd: {@link #FASTEST} to {@link #SMALLEST}
 * @param threads at most this many work at once, at least 1
 */
public record PackOptions(int level, int threads) {

    /** The lowest level. */
    public static final int FASTEST = 1;

    /** The highest level; needs some hundred MiB for each thread. */
    public static final int SMALLEST = 22;

    /** What is right when nothing is asked for: at this level the disk is as slow as the processor. */
    public static final int DEFAULT_LEVEL = 3;

    public PackOptions {
        if (level < FASTEST || level > SMALLEST) {
            throw new IllegalArgumentException("level " + level + " is not " + FASTEST + " to " + SMALLEST);
        }
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads");
        }
    }

    /** Default level, all processors. */
    public static PackOptions defaults() {
        return new PackOptions(DEFAULT_LEVEL, Runtime.getRuntime().availableProcessors());
    }
}

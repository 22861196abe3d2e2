// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.List;

/**
 * Processors on which a thread may run, sched_getaffinity(2); none when they were those of the program's parent, and so of its surroundings.
 *
 * @param words 16 words; bit b of word w is processor 64 w + b
 */
public record Affinity(List<Long> words) {

    /** Number of words. */
    public static final int WORDS = 16;

    public Affinity {
        words = List.copyOf(words);
        if (words.size() != WORDS) {
            throw new IllegalArgumentException("affinity has " + words.size() + " words");
        }
    }

    /** Returns whether the thread may run on this processor. */
    public boolean contains(int processor) {
        return processor >= 0 && processor < WORDS * 64 && (words.get(processor / 64) >>> (processor % 64) & 1) != 0;
    }

    /** Returns the number of processors. */
    public int count() {
        return words.stream().mapToInt(Long::bitCount).sum();
    }
}

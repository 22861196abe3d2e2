// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

/**
 * How an original is cut.
 *
 * @param originalBytes its size
 * @param frameBytes size of each part but the last
 */
record Frames(long originalBytes, long frameBytes) {

    long count() {
        return (originalBytes + frameBytes - 1) / frameBytes;
    }

    long startOf(long number) {
        return number * frameBytes;
    }

    int bytesOf(long number) {
        return Math.toIntExact(Math.min(frameBytes, originalBytes - startOf(number)));
    }

    long endOf(long number) {
        return startOf(number) + bytesOf(number);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

/** Is told how far writing an image has come, by one thread at a time. What it throws ends the writing. */
@FunctionalInterface
public interface WriteProgress {

    /** Nobody looks. */
    WriteProgress NONE = (doneBytes, totalBytes) -> {};

    /**
     * Called now and then, with the same total each time.
     *
     * @param doneBytes page data that has been copied
     * @param totalBytes all page data
     */
    void copied(long doneBytes, long totalBytes);
}

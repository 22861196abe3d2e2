// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * A word of the program's memory that holds the id of a thread, {@code struct image_tid_patch}.
 *
 * @param address of the word
 * @param keepMask bits of the old word that stay
 * @param thread index of the thread whose new id goes there; {@code IMAGE_GROUP_ID}: that of the process group
 * @param widthBytes 4 or 8
 */
public record TidPatch(long address, long keepMask, int thread, int widthBytes) implements Comparable<TidPatch> {

    public TidPatch {
        if (widthBytes != 4 && widthBytes != 8) {
            throw new IllegalArgumentException("a thread id of " + widthBytes + " bytes");
        }
    }

    @Override
    public int compareTo(TidPatch other) {
        return Long.compare(address, other.address);
    }
}

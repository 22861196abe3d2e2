// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * A register of a thread's prepared context that holds the thread's own id.
 *
 * @param thread index of the thread
 * @param frameField offset of the register in {@code struct image_signal_frame}
 */
public record RegisterPatch(int thread, int frameField) {}

// SPDX-License-Identifier: Apache-2.0
package dev.undump;

/** Where a program finds itself behind {@link Undump#checkpoint}. */
public enum Outcome {
    /** In the process that goes on; the checkpoint's file is complete. */
    RESUMED,
    /** In a launch of an image that was made of the checkpoint; {@link Undump#launch} tells with what. */
    LAUNCHED
}

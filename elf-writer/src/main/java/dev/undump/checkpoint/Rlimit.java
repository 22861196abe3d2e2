// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** A resource limit of prlimit(2), unsigned; all bits set is unlimited. */
public record Rlimit(long soft, long hard) {

    /** No limit. */
    public static final long UNLIMITED = -1;
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.nio.ByteBuffer;

/**
 * Counts the launches behind this process as far as anything here asked. Whoever took the checkpoint, also {@code ckpt --pid} from
 * outside, a launch finds a page of ours zeroed; to look at its first byte is all that a caller pays.
 */
final class LaunchEpoch {
    /** Null when there is no such page: then only launches that Undump hears of count. */
    private static final ByteBuffer PAGE = page();

    private static volatile int epoch;

    private LaunchEpoch() {}

    private static ByteBuffer page() {
        ByteBuffer page = NativeLibrary.failure().isPresent() ? null : Native.wipedPage();
        if (page != null) {
            page.put(0, (byte) 1);
        }
        return page;
    }

    /** Another number than before the launch. */
    static int current() {
        if (PAGE != null && PAGE.get(0) == 0) {
            found();
        }
        return epoch;
    }

    private static synchronized void found() {
        if (PAGE.get(0) == 0) {
            next();
        }
    }

    /** Undump was told of a launch. */
    static synchronized void next() {
        epoch++;
        if (PAGE != null) {
            // Behind the count: who sees the byte may rely on the count.
            PAGE.put(0, (byte) 1);
        }
    }

    /** What a launch finds. */
    static void wipeForTest() {
        PAGE.put(0, (byte) 0);
    }
}

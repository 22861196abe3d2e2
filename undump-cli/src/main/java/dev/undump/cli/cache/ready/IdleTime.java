// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.time.Duration;

/**
 * No thread of the program has used a processor for so long, or waits for a disk.
 *
 * @param milliseconds at least one
 */
public record IdleTime(int milliseconds) implements Readiness {

    @Override
    public String word() {
        return "idle:" + milliseconds;
    }

    @Override
    public boolean isReadyAtAnyTime() {
        return true;
    }

    @Override
    public Watch watch(WatchedProgram program, String before) {
        return new Watch() {
            private ThreadTimes last = ThreadTimes.NONE;
            private Duration since = Duration.ZERO;

            @Override
            public boolean isReady() throws java.io.IOException {
                ThreadTimes now = program.threadTimes();
                Duration age = program.age();
                if (now.isWaitingForDisk() || !now.equals(last)) {
                    last = now;
                    since = age;
                    return false;
                }
                return age.minus(since).toMillis() >= milliseconds;
            }
        };
    }
}

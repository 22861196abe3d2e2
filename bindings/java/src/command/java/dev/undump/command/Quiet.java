// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Waits until the JVM has no compilation to do, and makes its heap small. */
final class Quiet {
    private static final long POLL_MS = 40;
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final int STILL = 3;
    private static final int USER_TIME = 11;
    private static final int ZEROS = 256 << 10;
    /** A larger young generation has hardly been used. */
    private static final long MOST_ZEROS = 512L << 20;

    /** Seen from outside, so that no compiler leaves the allocation out. */
    private static volatile Object newest;

    private Quiet() {}

    static void await() {
        try {
            long deadline = System.nanoTime() + LIMIT_NS;
            long last = -1;
            for (int still = 0; still < STILL && System.nanoTime() < deadline; ) {
                long ticks = compilerTicks();
                still = ticks == last ? still + 1 : 0;
                last = ticks;
                Thread.sleep(POLL_MS);
            }
        } catch (IOException e) {
            throw new Unprepared("reading the JVM's threads in /proc: " + e.getMessage());
        } catch (InterruptedException e) {
            throw new Unprepared("the preparation was interrupted");
        }
        System.gc();
        overwriteFreeHeap();
        System.gc();
    }

    /**
     * Where objects were that are dead now: zero pages are not in the image, and a launch gets them from the kernel for less than a
     * page of the image. New arrays are zeroed, and go round in the young generation.
     */
    private static void overwriteFreeHeap() {
        for (long left = Math.min(Runtime.getRuntime().totalMemory(), MOST_ZEROS); left > 0; left -= ZEROS) {
            newest = new byte[ZEROS];
        }
        newest = null;
    }

    private static long compilerTicks() throws IOException {
        long ticks = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                String stat;
                try {
                    stat = Files.readString(thread.resolve("stat"));
                } catch (IOException e) {
                    // It has ended meanwhile.
                    continue;
                }
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                if (stat.contains("(C1 Comp") || stat.contains("(C2 Comp")) {
                    ticks += Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[USER_TIME + 1]);
                }
            }
        }
        return ticks;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import java.util.Locale;

/** Quantities as people read them. */
public final class Sizes {

    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final int BYTE_STEP = 1024;

    private Sizes() {}

    /** Returns a size with at most four digits and a binary unit, like {@code 57.3 KiB}. */
    public static String bytes(long size) {
        if (size < BYTE_STEP) {
            return size + " B";
        }
        double value = size;
        int unit = 0;
        while (value >= BYTE_STEP - 0.05 && unit < BYTE_UNITS.length - 1) {
            value /= BYTE_STEP;
            unit++;
        }
        return tenths(value) + " " + BYTE_UNITS[unit];
    }

    /** Returns a duration in its natural unit, like {@code 2.5 ms}. */
    public static String nanoseconds(long duration) {
        if (duration < 1_000) {
            return duration + " ns";
        }
        if (duration < 1_000_000) {
            return scaled(duration, 1e3) + " us";
        }
        if (duration < 1_000_000_000L) {
            return scaled(duration, 1e6) + " ms";
        }
        if (duration < 120_000_000_000L) {
            return scaled(duration, 1e9) + " s";
        }
        long seconds = duration / 1_000_000_000L;
        return String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    private static String scaled(long value, double unit) {
        return tenths(value / unit);
    }

    /** One digit behind the point, if it says anything. */
    private static String tenths(double value) {
        double rounded = Math.rint(value * 10) / 10;
        boolean whole = rounded == Math.rint(rounded) || rounded >= 1000;
        return String.format(Locale.ROOT, whole ? "%.0f" : "%.1f", rounded);
    }

    /** Returns a count with its noun, like {@code 1 thread} or {@code 2 threads}. */
    public static String count(long count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }
}

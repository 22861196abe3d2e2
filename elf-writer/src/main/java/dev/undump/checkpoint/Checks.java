// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** Range checks that several records share; each throws {@link IllegalArgumentException} naming the field. */
final class Checks {

    /** Highest address, exclusive, of a program under 5-level paging. */
    static final long ADDRESS_LIMIT = 1L << 56;

    static final int PAGE_SIZE = 4096;

    private Checks() {}

    static void check(boolean valid, String field, long value) {
        if (!valid) {
            throw new IllegalArgumentException(field + " is " + ByteRange.format(value));
        }
    }

    static void notNegative(String field, long value) {
        check(value >= 0, field, value);
    }

    static void address(String field, long value) {
        check(value >= 0 && value < ADDRESS_LIMIT, field, value);
    }

    static void pageAligned(String field, long value) {
        check(value >= 0 && (value & (PAGE_SIZE - 1)) == 0, field, value);
    }

    static void signal(int value) {
        check(value >= 1 && value <= 64, "signal", value);
    }

    static void threadId(String field, int value) {
        check(value > 0, field, value);
    }
}

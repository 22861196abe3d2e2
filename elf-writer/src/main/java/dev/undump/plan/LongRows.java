// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.Arrays;

/** Growing rows of three numbers, for records of which there may be millions. */
final class LongRows {

    private static final int COLUMNS = 3;
    private static final int FIRST_ROOM = 64 * COLUMNS;

    private long[] numbers = new long[FIRST_ROOM];
    private int count;

    int size() {
        return count;
    }

    void add(long first, long second, long third) {
        if ((count + 1) * COLUMNS > numbers.length) {
            numbers = Arrays.copyOf(numbers, numbers.length / COLUMNS * 3 / 2 * COLUMNS);
        }
        count++;
        set(count - 1, first, second, third);
    }

    void set(int row, long first, long second, long third) {
        int at = row * COLUMNS;
        numbers[at] = first;
        numbers[at + 1] = second;
        numbers[at + 2] = third;
    }

    /** Returns a number; rows and columns count from 0. */
    long get(int row, int column) {
        if (row < 0 || row >= count) {
            throw new IndexOutOfBoundsException(row);
        }
        return numbers[row * COLUMNS + column];
    }
}

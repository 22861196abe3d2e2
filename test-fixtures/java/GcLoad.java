// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * HotSpot's collectors under load: data of known content survives full collections while the heap grows and shrinks. The
 * argument says whether the collector is expected to give memory back.
 */
public final class GcLoad {
    private static final int KEPT = 20_000;
    private static final int ROUNDS_LEAST = 3;
    private static final int LONGEST_WAIT_SECONDS = 30;

    private GcLoad() {}

    private static void check(boolean condition, String message) {
        if (!condition) {
            System.out.println("FAIL: " + message);
            System.out.flush();
            Runtime.getRuntime().halt(1);
        }
    }

    private static int[] block(int seed) {
        int[] block = new int[20 + seed % 500];
        for (int i = 0; i < block.length; i++) {
            check(block[i] == 0, "fresh memory of block " + seed + " holds " + block[i]);
            block[i] = seed + i;
        }
        return block;
    }

    private static void verify(int[] block, int seed) {
        check(block.length == 20 + seed % 500, "length of block " + seed);
        for (int i = 0; i < block.length; i++) {
            check(block[i] == seed + i, "word " + i + " of block " + seed + " is " + block[i]);
        }
    }

    private static List<int[]> build(int from, int count) {
        List<int[]> blocks = new ArrayList<>();
        for (int i = from; i < from + count; i++) {
            blocks.add(block(i));
        }
        return blocks;
    }

    private static void verify(List<int[]> blocks, int from) {
        for (int i = 0; i < blocks.size(); i++) {
            verify(blocks.get(i), from + i);
        }
    }

    /** Grows the heap by far more than what is kept, checks, and drops all of it. */
    private static long grow(int seed) {
        List<List<int[]>> lists = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            lists.add(build(seed + i * 1000, KEPT));
        }
        byte[][] large = new byte[8][8 << 20];
        for (byte[] one : large) {
            for (int i = 0; i < one.length; i += 512) {
                check(one[i] == 0, "fresh large memory holds " + one[i]);
                one[i] = (byte) seed;
            }
        }
        long grown = Runtime.getRuntime().totalMemory();
        for (int i = 0; i < lists.size(); i++) {
            verify(lists.get(i), seed + i * 1000);
        }
        for (byte[] one : large) {
            check(one[512] == (byte) seed, "large memory changed");
        }
        return grown;
    }

    /** Full collections until the heap is smaller; a collector may take its time. */
    private static boolean shrinks(long grown) throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST_WAIT_SECONDS * 1_000_000_000L;
        do {
            System.gc();
            if (Runtime.getRuntime().totalMemory() < grown) {
                return true;
            }
            Thread.sleep(50);
        } while (System.nanoTime() < deadline);
        return false;
    }

    /**
     * Sets up, prints READY, waits for a line such as {@code load 60}, works, prints PASS.
     *
     * @param arguments {@code shrinks} when the heap must
     * @throws Exception when something fails that must not
     */
    public static void main(String[] arguments) throws Exception {
        boolean mustShrink = arguments.length > 0 && arguments[0].equals("shrinks");
        List<int[]> kept = build(7, KEPT);
        grow(1);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("READY");
        System.out.flush();
        String line = input.readLine();
        long seconds = line != null && line.startsWith("load ") ? Long.parseLong(line.substring(5).trim()) : 0;

        verify(kept, 7);
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        for (int round = 0; round < ROUNDS_LEAST || System.nanoTime() < end; round++) {
            long grown = grow(round);
            check(!mustShrink || shrinks(grown), "the heap stays at " + grown + " bytes after full collections");
            verify(kept, 7);
        }
        System.out.println("PASS");
        System.out.flush();
        System.exit(0);
    }
}

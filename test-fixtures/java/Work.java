// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A map, executors, timers and garbage; captured in the middle of work by the harness. */
public final class Work {
    private static final int ENTRIES = 200_000;

    private Work() {}

    private static void check(boolean condition, String message) {
        if (!condition) {
            System.out.println("FAIL: " + message);
            System.out.flush();
            Runtime.getRuntime().halt(1);
        }
    }

    private static byte[] digest(int number) {
        try {
            byte[] text = ("number " + number).getBytes(StandardCharsets.UTF_8);
            return MessageDigest.getInstance("SHA-256").digest(text);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void churn(int rounds) {
        for (int round = 0; round < rounds; round++) {
            byte[][] blocks = new byte[500][];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = new byte[1000 + i];
                blocks[i][i] = (byte) round;
            }
            for (int i = 0; i < blocks.length; i++) {
                check(blocks[i][i] == (byte) round, "a block changed");
            }
        }
    }

    private static void useExecutor(ExecutorService executor, int from, int to) throws Exception {
        List<Future<byte[]>> answers = new ArrayList<>();
        for (int i = from; i < to; i++) {
            int number = i;
            answers.add(executor.submit(() -> digest(number)));
        }
        for (int i = from; i < to; i++) {
            check(Arrays.equals(answers.get(i - from).get(), digest(i)), "answer " + i + " is wrong");
        }
    }

    private static void checkTable(Map<String, int[]> table) {
        check(table.size() == ENTRIES, table.size() + " entries");
        for (int i = 0; i < ENTRIES; i++) {
            int[] value = table.get("key " + i);
            check(value != null && value[0] == i && value.length == 1 + i % 7, "entry " + i);
        }
    }

    /**
     * Sets up, prints READY, waits for a line, checks, prints PASS.
     *
     * @param arguments not used
     * @throws Exception when something fails that must not
     */
    public static void main(String[] arguments) throws Exception {
        Map<String, int[]> table = new HashMap<>();
        for (int i = 0; i < ENTRIES; i++) {
            table.put("key " + i, new int[1 + i % 7]);
            table.get("key " + i)[0] = i;
        }
        ExecutorService executor = Executors.newFixedThreadPool(4);
        ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);
        AtomicInteger ticks = new AtomicInteger();
        scheduler.scheduleAtFixedRate(ticks::incrementAndGet, 0, 20, TimeUnit.MILLISECONDS);
        useExecutor(executor, 0, 2000);
        churn(50);
        checkTable(table);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("READY");
        System.out.flush();
        input.readLine();

        int before = ticks.get();
        System.gc();
        checkTable(table);
        useExecutor(executor, 2000, 6000);
        churn(200);
        System.gc();
        checkTable(table);
        while (ticks.get() < before + 5) {
            Thread.sleep(5);
        }
        Thread[] fresh = new Thread[20];
        AtomicInteger ran = new AtomicInteger();
        for (int i = 0; i < fresh.length; i++) {
            fresh[i] = new Thread(ran::incrementAndGet);
            fresh[i].start();
        }
        for (Thread thread : fresh) {
            thread.join();
        }
        check(ran.get() == fresh.length, ran.get() + " new threads ran");
        scheduler.shutdownNow();
        executor.shutdown();
        check(executor.awaitTermination(1, TimeUnit.MINUTES), "the executor does not end");
        System.out.println("PASS");
        System.out.flush();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.agent;

import dev.undump.Options;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.crac.CheckpointException;
import javax.crac.Core;
import javax.crac.RestoreException;

/**
 * Asks a server that starts in this process until it answers, then so often that its code is compiled, and then for its checkpoint.
 * {@code undump.warm=URL URL} names what to ask for, {@code undump.warm.requests=COUNT} how often each, normally 1000 times.
 */
record Warmup(List<URI> pages, int requests) implements Runnable {
    private static final int MOMENT_MILLIS = 20;
    private static final int LIMIT_MILLIS = 60_000;
    private static final int COMPILERS_QUIET_MILLIS = 500;
    private static final int COMPILERS_LIMIT_MILLIS = 20_000;

    /** Begins in a thread of its own when the properties of the system ask for it. */
    static void startIfAsked() {
        String pages = System.getProperty("undump.warm", "").trim();
        if (!pages.isEmpty()) {
            Warmup warmup = new Warmup(
                    Arrays.stream(pages.split(" +")).map(URI::create).toList(), Integer.getInteger("undump.warm.requests", 1000));
            Thread thread = new Thread(warmup, "undump-warmup");
            thread.setDaemon(true);
            thread.start();
        }
    }

    @Override
    public void run() {
        try {
            for (URI page : pages) {
                awaitAnswer(page);
            }
            for (int i = 0; i < requests; i++) {
                for (URI page : pages) {
                    answer(page);
                }
            }
            awaitCompilers();
            Core.checkpointRestore();
        } catch (CheckpointException | IOException | InterruptedException | RuntimeException e) {
            fail(e);
        } catch (RestoreException e) {
            // The program goes on; these are its own resources' words.
            e.printStackTrace();
        }
    }

    private static void awaitAnswer(URI page) throws InterruptedException {
        while (true) {
            try {
                answer(page);
                return;
            } catch (IOException e) {
                Thread.sleep(MOMENT_MILLIS);
            }
        }
    }

    /** The connection ends with the answer: none is to be open in the checkpoint. */
    private static void answer(URI page) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
        connection.setConnectTimeout(LIMIT_MILLIS);
        connection.setReadTimeout(LIMIT_MILLIS);
        connection.setRequestProperty("Connection", "close");
        if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
            throw new IOException(page + " answers with status " + connection.getResponseCode() + ", not 200");
        }
        try (InputStream body = connection.getInputStream()) {
            body.readAllBytes();
        }
    }

    /** What they have still to compile every launch would have to compile. They are done when nothing more has come for a while. */
    private static void awaitCompilers() throws InterruptedException {
        CompilationMXBean compilers = ManagementFactory.getCompilationMXBean();
        if (compilers == null || !compilers.isCompilationTimeMonitoringSupported()) {
            return;
        }
        long limit = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(COMPILERS_LIMIT_MILLIS);
        long before = -1;
        for (long now = compilers.getTotalCompilationTime(); now != before && System.nanoTime() < limit;
                now = compilers.getTotalCompilationTime()) {
            before = now;
            Thread.sleep(COMPILERS_QUIET_MILLIS);
        }
    }

    /** The run was for the checkpoint: unless the program was to go on, it ends. */
    private static void fail(Exception e) {
        System.err.println("undump: warming up for a checkpoint: " + e);
        for (Throwable reason : e.getSuppressed()) {
            System.err.println("undump: " + reason.getMessage());
        }
        if (Options.fromProperties().end()) {
            System.exit(1);
        }
    }
}

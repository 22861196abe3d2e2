// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** What /proc tells of a running program, from outside. */
public final class WatchedProgram {

    /** Counted from the state, which is field 3 of proc_pid_stat(5). */
    private static final int USER_TIME = 11;

    private static final int SYSTEM_TIME = 12;
    private static final String LISTENING = "0A";
    private static final int LOCAL_ADDRESS = 1;
    private static final int STATE = 3;
    private static final int INODE = 9;

    private final Path proc;
    private final Path directory;
    private final long begunNanos;
    private final LongSupplier clock;
    private final OutputText output;

    /**
     * Names a program.
     *
     * @param proc its folder in /proc
     * @param directory that it was started in
     * @param begunNanos of the clock, when it was started
     * @param clock nanoseconds of CLOCK_MONOTONIC, which all processes share
     * @param output what it writes
     */
    public WatchedProgram(Path proc, Path directory, long begunNanos, LongSupplier clock, OutputText output) {
        this.proc = proc;
        this.directory = directory;
        this.begunNanos = begunNanos;
        this.clock = clock;
        this.output = output;
    }

    Path directory() {
        return directory;
    }

    Duration age() {
        return Duration.ofNanos(clock.getAsLong() - begunNanos);
    }

    CharSequence output() throws IOException {
        return output.text();
    }

    /** Threads that end meanwhile are left out. */
    ThreadTimes threadTimes() throws IOException {
        Map<Integer, Long> times = new HashMap<>();
        boolean waiting = false;
        for (Path thread : entries(proc.resolve("task"))) {
            try {
                String stat = Files.readString(thread.resolve("stat"), StandardCharsets.ISO_8859_1);
                // Behind the name, which may hold anything.
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                times.put(Integer.valueOf(thread.getFileName().toString()), runTime(thread, fields));
                waiting |= fields[0].equals("D");
            } catch (IOException e) {
                // It has ended: the others tell.
                continue;
            }
        }
        return new ThreadTimes(times, waiting);
    }

    /** Kernels without statistics of the scheduler count ticks only. */
    private static long runTime(Path thread, String[] fields) throws IOException {
        try {
            String text = Files.readString(thread.resolve("schedstat"), StandardCharsets.US_ASCII);
            return Long.parseLong(text.substring(0, text.indexOf(' ')));
        } catch (NoSuchFileException e) {
            return Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME]);
        }
    }

    boolean listensAt(int port) throws IOException {
        Set<String> listening = new HashSet<>();
        for (String table : List.of("net/tcp", "net/tcp6")) {
            listening.addAll(listeningSockets(proc.resolve(table), String.format(":%04X", port)));
        }
        if (listening.isEmpty()) {
            return false;
        }
        for (Path descriptor : entries(proc.resolve("fd"))) {
            if (listening.contains(target(descriptor))) {
                return true;
            }
        }
        return false;
    }

    private static Set<String> listeningSockets(Path table, String port) throws IOException {
        Set<String> found = new HashSet<>();
        try {
            for (String line : Files.readAllLines(table, StandardCharsets.US_ASCII)) {
                String[] columns = line.strip().split("\\s+");
                if (columns.length > INODE && columns[STATE].equals(LISTENING) && columns[LOCAL_ADDRESS].endsWith(port)) {
                    found.add("socket:[" + columns[INODE] + "]");
                }
            }
        } catch (NoSuchFileException e) {
            // A kernel without that version of IP.
        }
        return found;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private static Set<Path> entries(Path folder) throws IOException {
        Set<Path> entries = new HashSet<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            all.forEach(entries::add);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return entries;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Counters that many processes add to without waiting for each other: each addition is a file of its own, which appears whole and never
 * changes. Now and then they are summed up into a total, which names the files that it contains; only then are these removed, so that at any
 * moment, also after a crash, each addition counts once.
 */
final class Counters {

    static final String PUBLISHED = "published";
    static final String PUBLISHED_BYTES = "published_bytes";
    static final String EVICTIONS = "evictions";
    static final String EVICTED_BYTES = "evicted_bytes";
    static final String SAVED_MILLIS = "saved_milliseconds";

    private static final String TOTAL = "total.";
    private static final String CONTAINS = "contains ";
    private static final int TRIES = 100;
    private static final Digest SUMMING = Digest.of("undump: summing up of counters".getBytes(UTF_8));

    private final StorePaths paths;
    private final Disk disk;
    private final Claims claims;

    Counters(StorePaths paths, Disk disk, Claims claims) {
        this.paths = paths;
        this.disk = disk;
        this.claims = claims;
    }

    /** What the files say together, at one moment. */
    private record Sum(Map<String, Long> values, long generation, List<Path> totals, List<Path> additions, Set<String> contained) {}

    /** Adds to counters. */
    void add(Map<String, Long> values) throws IOException {
        Path part = paths.newPart("count");
        try {
            disk.writeLightly(part, text(values, Set.of()));
            disk.rename(part, paths.counters().resolve(part.getFileName()));
        } catch (IOException e) {
            disk.discard(part, e);
            throw e;
        }
    }

    /** Returns the sums; a counter that nobody has added to is missing. */
    Map<String, Long> values() throws IOException {
        return sum().values();
    }

    /** Tells how many files there are. */
    int files() throws IOException {
        return disk.list(paths.counters()).size();
    }

    /** Makes one file of many; does nothing when another process is at it. */
    void sumUp() throws IOException {
        Optional<Claim> claim = claims.claim(SUMMING);
        if (claim.isEmpty()) {
            return;
        }
        try {
            sumUpAlone();
        } finally {
            claim.get().close();
        }
    }

    private void sumUpAlone() throws IOException {
        Sum sum = sum();
        Set<String> contained = new HashSet<>();
        sum.additions().forEach(file -> contained.add(file.getFileName().toString()));
        // Those that an earlier total contains, and that were not removed any more after it.
        contained.addAll(sum.contained());
        Path part = paths.newPart("total");
        try {
            disk.write(part, text(sum.values(), contained));
            if (!disk.link(part, paths.counters().resolve(TOTAL + (sum.generation() + 1)))) {
                return;
            }
        } finally {
            disk.delete(part);
        }
        for (String name : contained) {
            disk.delete(paths.counters().resolve(name));
        }
        for (Path total : sum.totals()) {
            disk.delete(total);
        }
    }

    /** A file that is gone after it was listed has been summed up meanwhile: then all is read again. */
    private Sum sum() throws IOException {
        NoSuchFileException failure = null;
        for (int i = 0; i < TRIES; i++) {
            try {
                return sumOnce();
            } catch (NoSuchFileException e) {
                failure = e;
            }
        }
        throw StoreException.of("reading the counters of the store in", paths.root(), failure);
    }

    private Sum sumOnce() throws IOException {
        List<Path> totals = new ArrayList<>();
        List<Path> additions = new ArrayList<>();
        Path newest = null;
        long generation = 0;
        for (Path file : disk.list(paths.counters())) {
            String name = file.getFileName().toString();
            if (!name.startsWith(TOTAL)) {
                additions.add(file);
                continue;
            }
            totals.add(file);
            long number = Long.parseLong(name.substring(TOTAL.length()));
            if (number > generation) {
                generation = number;
                newest = file;
            }
        }
        Map<String, Long> values = new TreeMap<>();
        Set<String> contained = new HashSet<>();
        if (newest != null) {
            read(newest, values, contained);
        }
        contained.retainAll(additions.stream().map(file -> file.getFileName().toString()).toList());
        additions.removeIf(file -> contained.contains(file.getFileName().toString()));
        for (Path addition : additions) {
            read(addition, values, new HashSet<>());
        }
        return new Sum(values, generation, totals, additions, contained);
    }

    private void read(Path file, Map<String, Long> values, Set<String> contained) throws IOException {
        byte[] text = disk.read(file).orElseThrow(() -> new NoSuchFileException(file.toString()));
        for (String line : new String(text, UTF_8).split("\n")) {
            if (line.startsWith(CONTAINS)) {
                contained.add(line.substring(CONTAINS.length()));
            } else if (line.matches("[a-z_]+ [0-9]{1,18}")) {
                int blank = line.indexOf(' ');
                values.merge(line.substring(0, blank), Long.parseLong(line.substring(blank + 1)), Long::sum);
            }
        }
    }

    private static byte[] text(Map<String, Long> values, Set<String> contained) {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) -> text.append(name).append(' ').append(value).append('\n'));
        contained.forEach(name -> text.append(CONTAINS).append(name).append('\n'));
        return text.toString().getBytes(UTF_8);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.LocalStore;
import dev.undump.cache.StoreStatistics;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.inspect.Sizes;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code undump cache stats}. */
@Command(name = "stats", header = "Tells what the cache holds and what it has been good for.", description = "")
final class StatsCommand implements Callable<Integer> {

    private static final double PERCENT = 100.0;

    @Mixin
    private CommandFace face;

    @Override
    public Integer call() throws IOException {
        LocalStore store = KeptStore.open(face::warn);
        StoreStatistics statistics = store.statistics();
        long hits = statistics.hits() + statistics.remoteHits();
        long runs = hits + statistics.misses() + statistics.failures();
        line("folder", store.root().toString());
        line("images", statistics.images() + " of " + Sizes.bytes(statistics.imageBytes()) + ", under " + Sizes.count(statistics.entries(), "key"));
        line("runs", Long.toString(runs));
        line("hits", hits + share(hits, runs) + ", " + statistics.remoteHits() + " of them remote");
        line("misses", statistics.misses() + share(statistics.misses(), runs));
        line("failures", Long.toString(statistics.failures()));
        line("saved", Sizes.nanoseconds(statistics.saved().toNanos()) + " of warming up");
        line("published", statistics.published() + " of " + Sizes.bytes(statistics.publishedBytes()));
        line("evicted", statistics.evictions() + " of " + Sizes.bytes(statistics.evictedBytes()));
        return ExitStatus.DONE;
    }

    private void line(String name, String value) {
        face.say(String.format(Locale.ROOT, "%-10s %s", name, value));
    }

    private static String share(long part, long whole) {
        return whole == 0 ? "" : String.format(Locale.ROOT, " (%.1f %%)", PERCENT * part / whole);
    }
}

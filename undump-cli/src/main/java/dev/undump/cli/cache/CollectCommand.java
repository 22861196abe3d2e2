// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.GcReport;
import dev.undump.cache.LocalStore;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.inspect.Sizes;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code undump cache gc}. */
@Command(
        name = "gc",
        header = "Removes the images that were used least recently, until the rest fits.",
        description = {"", "Also removes what interrupted runs have left. Programs that run from a removed image do not notice."})
final class CollectCommand implements Callable<Integer> {

    private static final Duration ABANDONED = Duration.ofHours(1);

    @Mixin
    private CommandFace face;

    @Option(
            names = "--limit",
            paramLabel = "SIZE",
            description = "How much images may have together, in bytes or with K, M, G or T behind it. Default: 10G, or UNDUMP_CACHE_LIMIT.")
    private String limit;

    @Override
    public Integer call() throws IOException {
        String size = limit != null ? limit : System.getenv().getOrDefault("UNDUMP_CACHE_LIMIT", "10G");
        long bytes;
        try {
            bytes = SizeText.bytes(size);
        } catch (IllegalArgumentException e) {
            throw face.wrongUsage((limit != null ? "--limit " : "UNDUMP_CACHE_LIMIT ") + e.getMessage());
        }
        LocalStore store = KeptStore.open(face::warn);
        GcReport report = store.gc(bytes, ABANDONED);
        face.say("removed " + Sizes.count(report.evictedImages(), "image") + " of " + Sizes.bytes(report.evictedBytes()) + " and "
                + Sizes.count(report.removedParts(), "unfinished file") + "; kept " + report.keptImages() + " of " + Sizes.bytes(report.keptBytes()));
        return ExitStatus.DONE;
    }
}

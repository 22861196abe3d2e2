// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Finds and rewrites the system calls of a captured program. The same checkpoint gives the same bytes. */
public final class SiteRewriter {

    private SiteRewriter() {}

    /**
     * Decodes the executable memory of a checkpoint.
     *
     * @param occupied where no island may be: the program's mappings, growth of its stacks, the slot
     * @param interceptEntry address of the stub's {@code undump_intercept}, see image_format.h
     * @return what to change; look at its coverage first
     * @throws IOException if the checkpoint's page data cannot be read
     */
    public static SiteRewriting rewrite(
            Checkpoint checkpoint, CheckpointMemory memory, List<ByteRange> occupied, long interceptEntry)
            throws IOException {
        ModuleCoverage nothing =
                new ModuleCoverage("program", 0, 0, 0, 0, List.of(new UncoveredSite(0, "code was not looked at")));
        return new SiteRewriting(List.of(), List.of(), new Coverage(List.of(nothing)), Map.of());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.LocalStore;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code undump cache clear}. */
@Command(
        name = "clear",
        header = "Removes all images.",
        description = {"", "Commands that \"undump cache install\" has written stay."})
final class ClearCommand implements Callable<Integer> {

    @Mixin
    private CommandFace face;

    @Override
    public Integer call() throws IOException {
        LocalStore store = KeptStore.open(face::warn);
        store.clear();
        FailureNotes.of(store.root()).forgetAll();
        return ExitStatus.DONE;
    }
}

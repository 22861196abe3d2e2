// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Entry;
import dev.undump.cache.LocalStore;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.FailureReport.CommandFailure;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code undump cache push}. */
@Command(name = "push", header = "Sends images to a store on another machine.", description = "")
final class PushCommand implements Callable<Integer> {

    @Mixin
    private CommandFace face;

    @Mixin
    private TransferChoices choices;

    @Parameters(arity = "0..*", paramLabel = "KEY", description = "Keys, or how they begin, as \"undump cache list\" shows them. Default: all.")
    private List<String> keys = List.of();

    @Override
    public Integer call() throws IOException {
        LocalStore store = KeptStore.open(face::warn);
        Remote remote = choices.open(store);
        List<Entry> all = store.entries();
        for (String key : keys) {
            if (all.stream().noneMatch(entry -> entry.key().hex().startsWith(key))) {
                throw new CommandFailure("sending the image of key " + key + ": there is none; \"undump cache list\" shows the keys");
            }
        }
        int sent = 0;
        for (Entry entry : all) {
            if (keys.isEmpty() || keys.stream().anyMatch(entry.key().hex()::startsWith)) {
                remote.store(entry);
                sent++;
            }
        }
        face.say("sent " + sent + (sent == 1 ? " image to " : " images to ") + remote.describe());
        return ExitStatus.DONE;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.LocalStore;
import dev.undump.cli.FailureReport.CommandFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of commands that exchange images with another machine. */
final class TransferChoices {

    @Option(names = "--remote", paramLabel = "URL", description = "The store. Default: UNDUMP_REMOTE.")
    private String remote;

    @Option(names = "--sign", paramLabel = "FILE", description = "Sign what is sent with this private key.")
    private Path signingKey;

    @Option(names = "--trust", paramLabel = "FILE", description = "Take only what the holder of this public key has signed. May be repeated.")
    private List<Path> trustedKeys = List.of();

    Remote open(LocalStore store) throws IOException {
        return Remote.open(Optional.ofNullable(remote), Optional.ofNullable(signingKey), trustedKeys, store)
                .orElseThrow(() -> new CommandFailure("looking for a remote store: none is named; say --remote URL or set UNDUMP_REMOTE"));
    }
}

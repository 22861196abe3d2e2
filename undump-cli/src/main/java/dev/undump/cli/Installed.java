// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.FailureReport.CommandFailure;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Where undump itself lies: in a checkout that Maven has built, or in an installed tree.
 *
 * @param undump the command
 * @param engine the program that takes checkpoints, without the launcher around it
 */
public record Installed(Path undump, Path engine) {

    /**
     * Finds it.
     *
     * @throws CommandFailure if a part is missing
     */
    public static Installed find() {
        Path ours = Path.of(URI.create(
                Installed.class.getProtectionDomain().getCodeSource().getLocation().toString()));
        Path installedEngine = ours.resolveSibling("ckpt");
        return Stream.iterate(ours, path -> path != null, Path::getParent)
                .flatMap(root -> Stream.of(installedEngine, root.resolve("native-stub/target/native/ckpt"))
                        .map(engine -> new Installed(root.resolve("bin/undump"), engine)))
                .filter(found -> Files.isExecutable(found.undump()) && Files.isExecutable(found.engine()))
                .findFirst()
                .orElseThrow(() -> new CommandFailure("looking for the commands undump and ckpt around " + ours
                        + ": one of them is missing; install undump again, or build the checkout with \"mvn -DskipTests package\""));
    }
}

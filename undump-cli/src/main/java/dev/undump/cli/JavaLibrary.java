// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.FailureReport.CommandFailure;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the library for Java programs lies, and what it needs: in a checkout where Maven builds it, in an installed tree beside our
 * libraries.
 *
 * @param jar undump-java.jar
 * @param ckpt the command that takes checkpoints
 */
record JavaLibrary(Path jar, Path ckpt) {

    /**
     * Finds it.
     *
     * @throws CommandFailure if it is not there
     */
    static JavaLibrary find() {
        Path ours = Path.of(URI.create(
                JavaLibrary.class.getProtectionDomain().getCodeSource().getLocation().toString()));
        return installed(ours)
                .or(() -> Stream.iterate(ours, path -> path != null, Path::getParent)
                        .flatMap(root -> at(root.resolve("bindings/java/target/undump-java.jar"), root).stream())
                        .findFirst())
                .orElseThrow(() -> new CommandFailure("looking for the library for Java programs: there is no undump-java.jar in "
                        + ours.resolveSibling("java") + "; install undump again, or build the checkout with \"mvn -DskipTests package\""));
    }

    private static Optional<JavaLibrary> installed(Path ours) {
        Path libraries = ours.getParent();
        Path jar = libraries.resolve("java/undump-java.jar");
        // lib/undump of the prefix.
        return Optional.ofNullable(libraries.getParent()).map(Path::getParent).flatMap(prefix -> at(jar, prefix));
    }

    private static Optional<JavaLibrary> at(Path jar, Path root) {
        return Files.isRegularFile(jar) ? Optional.of(new JavaLibrary(jar, root.resolve("bin/ckpt"))) : Optional.empty();
    }
}

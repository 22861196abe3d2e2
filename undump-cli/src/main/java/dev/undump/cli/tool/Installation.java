// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The parts of undump that a preparation needs.
 *
 * @param ckpt the command
 * @param javaLibrary jar of undump-java
 * @param givenLocale what LC_ALL was, perhaps empty, where the launcher of undump has set it for itself
 */
public record Installation(Path ckpt, Path javaLibrary, Optional<String> givenLocale) {

    /**
     * Folder of the classes that are patched into java.base, beside the library. Launches look for classes there as well, so it is
     * where nobody else may write.
     */
    Path commandClasses() {
        return javaLibrary.resolveSibling("command-classes");
    }
}

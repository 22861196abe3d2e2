// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.image.InputStamps;
import dev.undump.plan.InputFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Which files that an image depends on have changed since it was made. */
final class InputReport {

    private InputReport() {}

    /** Returns their paths. */
    static List<String> changes(Path image) throws IOException {
        return InputStamps.read(image).stream()
                .filter(input -> InputFiles.current(input).isEmpty())
                .map(input -> input.path().toString())
                .toList();
    }
}

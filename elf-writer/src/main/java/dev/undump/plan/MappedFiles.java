// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Mapping;
import java.util.ArrayList;
import java.util.List;

/** The table of files that the program shares with others by mappings; each file once. */
final class MappedFiles {

    private static final int O_RDWR = 2;

    private final List<MappedFile> files = new ArrayList<>();

    /** Returns the index of the mapping's file. */
    int indexOf(Mapping mapping) {
        MappedFile file = new MappedFile(mapping.name(), mapping.fileSize(), mapping.inode(), O_RDWR);
        int known = files.indexOf(file);
        if (known >= 0) {
            return known;
        }
        files.add(file);
        return files.size() - 1;
    }

    List<MappedFile> inOrder() {
        return List.copyOf(files);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The names of an image's sections, in the order of their headers, as the bytes of .shstrtab. */
final class SectionNames {

    static final String BUILD_ID = ".note.gnu.build-id";
    static final String STUB = ".undump.stub";
    static final String STATE = ".undump.state";
    static final String PLAN = ".undump.plan";
    static final String THREADS = ".undump.threads";
    static final String PAGES = ".undump.pages";
    static final String CHECKPOINT = ".undump.checkpoint";
    static final String NAMES = ".shstrtab";

    private static final List<String> IN_ORDER =
            List.of("", BUILD_ID, STUB, STATE, PLAN, THREADS, PAGES, CHECKPOINT, NAMES);

    /** Number of section headers, the empty first one included. */
    static final int COUNT = IN_ORDER.size();

    /** Contents of .shstrtab. */
    static final byte[] BYTES = (String.join("\0", IN_ORDER) + "\0").getBytes(StandardCharsets.US_ASCII);

    private SectionNames() {}

    /** Offset of a name in {@link #BYTES}. */
    static int offsetOf(String name) {
        int offset = 0;
        for (String candidate : IN_ORDER) {
            if (candidate.equals(name)) {
                return offset;
            }
            offset += candidate.length() + 1;
        }
        throw new IllegalArgumentException("no section is called " + name);
    }

    /** Index of a section's header. */
    static int indexOf(String name) {
        return IN_ORDER.indexOf(name);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import com.github.luben.zstd.util.Native;
import java.io.IOException;

/** The native half of zstd-jni, which unpacks itself to the temp folder. */
public final class ZstdLibrary {

    private ZstdLibrary() {}

    /**
     * Loads it, or says in words why not: left to itself it fails in a static initializer, with an Error.
     *
     * @throws IOException if it cannot be unpacked or loaded
     */
    public static void load() throws IOException {
        try {
            Native.load();
        } catch (LinkageError e) {
            throw new IOException(
                    "loading the zstd library, which is unpacked to " + System.getProperty("java.io.tmpdir") + ": "
                            + e.getMessage() + "; name a folder with room, from which programs may run, with"
                            + " UNDUMP_JAVA_OPTIONS=-Djava.io.tmpdir=FOLDER",
                    e);
        }
    }
}

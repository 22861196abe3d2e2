// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.LocalStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Where this user's store is. */
final class KeptStore {

    private KeptStore() {}

    /** Opens the store, and makes it if there is none. */
    static LocalStore open() throws IOException {
        return LocalStore.open(root(System.getenv(), Path.of(System.getProperty("user.home"))));
    }

    /** Returns its folder, absolute. */
    static Path root() {
        return root(System.getenv(), Path.of(System.getProperty("user.home")));
    }

    static Path root(Map<String, String> environment, Path home) {
        String chosen = environment.getOrDefault("UNDUMP_CACHE_DIR", "");
        if (!chosen.isEmpty()) {
            return Path.of(chosen).toAbsolutePath();
        }
        Path caches = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
        // Relative ones are to be ignored, says the XDG base directory specification.
        return (caches.isAbsolute() ? caches : home.resolve(".cache")).resolve("undump").toAbsolutePath();
    }
}

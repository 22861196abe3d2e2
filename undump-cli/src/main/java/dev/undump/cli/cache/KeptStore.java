// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.LocalStore;
import java.io.IOException;
import java.time.Clock;
import java.util.function.Consumer;

/** This user's store. */
final class KeptStore {

    private KeptStore() {}

    /**
     * Opens the store, and makes it if there is none.
     *
     * @param warn takes what went wrong and did no harm
     */
    static LocalStore open(Consumer<String> warn) throws IOException {
        return LocalStore.open(LocalStore.defaultFolder(System.getenv()), Clock.systemUTC(), warn);
    }
}

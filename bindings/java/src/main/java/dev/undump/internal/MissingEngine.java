// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import dev.undump.Launch;
import dev.undump.Options;
import dev.undump.Session;
import dev.undump.UndumpException;
import java.util.List;
import java.util.Optional;

/** Where the library cannot be loaded: every call fails with the reason. */
record MissingEngine(String error) implements Engine {
    @Override
    public boolean isAvailable() {
        return false;
    }

    @Override
    public int checkpoint(Options options) {
        return -UndumpException.ENOENT;
    }

    @Override
    public Optional<Launch> launched() {
        return Optional.empty();
    }

    @Override
    public List<Session> sessions() throws UndumpException {
        throw new UndumpException(UndumpException.ENOENT, error);
    }

    @Override
    public int sessionImage(String session) {
        return -UndumpException.ENOENT;
    }

    @Override
    public int sessionRemove(String session) {
        return -UndumpException.ENOENT;
    }

    @Override
    public int rollback(String session) {
        return -UndumpException.ENOENT;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import dev.undump.Launch;
import dev.undump.Options;
import dev.undump.Session;
import dev.undump.UndumpException;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** What undump.h offers, without hooks. Numbers below zero are errno(3) with a minus; {@link #error} has their sentence. */
public interface Engine {
    /** {@link #checkpoint} in the process that goes on. */
    int RESUMED = 0;
    /** {@link #checkpoint} in a launch. */
    int LAUNCHED = 1;

    /** False when all else fails. */
    boolean isAvailable();

    /** Takes a checkpoint. */
    int checkpoint(Options options);

    /** The sentence for the last failure in this thread. */
    String error();

    /** What this process was launched with. */
    Optional<Launch> launched();

    /** Oldest first. */
    List<Session> sessions() throws UndumpException;

    /** Makes a session's image. */
    int sessionImage(String session);

    /** Removes a session's files. */
    int sessionRemove(String session);

    /** Returns only on failure. */
    int rollback(String session);

    /** Makes one of the calls and turns its failure into an exception. */
    static void check(Engine engine, ToIntFunction<Engine> call) throws UndumpException {
        int result = call.applyAsInt(engine);
        if (result < 0) {
            throw new UndumpException(-result, engine.error());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import dev.undump.Launch;
import dev.undump.Options;
import java.util.List;

/** What a launch makes new of its own accord, before any hook: things that the JDK remembers of its start. */
public interface Refresh {
    /** Looks up what has to be made new, so that a launch need not search. */
    void beforeCheckpoint();

    /**
     * Makes it new.
     *
     * @return what could not be made new, as exceptions; empty normally
     */
    List<Throwable> afterLaunch(Launch launch, Options options);

    /** Random numbers, environment and working directory. */
    static Refresh ofThisJvm() {
        return new JvmRefresh();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.SignalAction;
import java.util.List;

/**
 * The signal actions that the program has chosen itself. A signal that it was started with as ignored, by nohup(1), as a background job
 * of sh or by a supervisor, is what its surroundings wanted then: kept, it would make every launch deaf to Ctrl-C.
 */
final class OwnActions {

    private static final long IGNORE = 1;

    private OwnActions() {}

    static List<SignalAction> of(List<SignalAction> actions) {
        return actions.stream().filter(action -> !isInherited(action)).toList();
    }

    /** execve(2) keeps SIG_IGN and clears all else, and what a C library sets has SA_RESTORER (flush_signal_handlers(), kernel/signal.c). */
    private static boolean isInherited(SignalAction action) {
        return action.handler() == IGNORE && action.flags() == 0 && action.restorer() == 0 && action.mask() == 0;
    }
}

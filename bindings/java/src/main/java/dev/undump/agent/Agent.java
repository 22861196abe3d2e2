// SPDX-License-Identifier: Apache-2.0
package dev.undump.agent;

import dev.undump.Undump;

/**
 * Started before the program's main. Java has put our jar, and the org.crac that lies beside it, behind the class path by then, where
 * a framework that looks for org.crac finds both. All generators of random numbers that the program makes are ours from now on.
 */
public final class Agent {
    private Agent() {}

    /** As java.lang.instrument has it. */
    public static void premain(String arguments) {
        // Without our library the program runs as it would without us; what asks for a checkpoint hears why there is none.
        if (Undump.isAvailable()) {
            Warmup.startIfAsked();
        }
    }
}

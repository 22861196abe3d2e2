// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

/** The program asks for its checkpoint itself; nobody else has to look. */
public record ApiCall() implements Readiness {

    @Override
    public String word() {
        return "api";
    }

    @Override
    public boolean makesCommand() {
        return true;
    }

    @Override
    public Watch watch(WatchedProgram program, String before) {
        return () -> false;
    }
}

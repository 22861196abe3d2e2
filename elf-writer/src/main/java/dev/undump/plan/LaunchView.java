// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointProcess;
import dev.undump.checkpoint.NativeText;
import java.util.List;

/**
 * What of the launch itself the program goes on with.
 *
 * @param workingDirectory empty: the launch's
 * @param environment changes of what the kernel shows
 */
public record LaunchView(NativeText workingDirectory, List<EnvironmentChange> environment) {

    public LaunchView {
        environment = List.copyOf(environment);
    }

    /** A program that asked for its checkpoint itself becomes a command, which works where it is called; others resume. */
    static LaunchView of(CheckpointProcess process, LaunchPolicies policies) {
        LaunchPolicies.Directory usual =
                process.trigger().makesCommand() ? LaunchPolicies.Directory.LAUNCH : LaunchPolicies.Directory.RESTORE;
        boolean restored = policies.directory().orElse(usual) == LaunchPolicies.Directory.RESTORE;
        return new LaunchView(restored ? process.workingDirectory() : NativeText.EMPTY, policies.environment());
    }
}

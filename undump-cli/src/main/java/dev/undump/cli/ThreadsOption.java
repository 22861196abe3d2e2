// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code --threads} of commands that use all processors. */
final class ThreadsOption {

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Use at most N threads. Default: as many as there are processors.")
    private Integer threads;

    int count(CommandLine commandLine) {
        if (threads == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        if (threads < 1) {
            throw new ParameterException(commandLine, "--threads " + threads + " is less than 1");
        }
        return threads;
    }
}

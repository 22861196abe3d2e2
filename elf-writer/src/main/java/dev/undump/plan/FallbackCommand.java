// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointProcess;
import dev.undump.checkpoint.NativeText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What runs in place of the program when an input has changed.
 *
 * @param program absolute path
 * @param arguments from argv[0] on, at least that
 * @param takesArguments whether those of the launch follow
 */
public record FallbackCommand(NativeText program, List<NativeText> arguments, boolean takesArguments) {

    public FallbackCommand {
        arguments = List.copyOf(arguments);
    }

    /**
     * A program that resumes was started by its command line. Of a command nobody knows which of its words were those of the
     * warm-up: the program alone gets the words of the launch.
     */
    static FallbackCommand of(CheckpointProcess process, InputPolicy policy) throws PlanException {
        boolean command = process.trigger().makesCommand();
        NativeText program = policy.program().orElse(process.executable());
        List<NativeText> words = policy.words().isEmpty() ? original(process) : policy.words();
        if (program.bytes().length == 0 || program.bytes()[0] != '/') {
            throw new PlanException("what runs when a file has changed would be \"" + program
                    + "\", which is no absolute path: say --fallback, or --inputs none");
        }
        return new FallbackCommand(program, words, policy.takesArguments().orElse(command));
    }

    private static List<NativeText> original(CheckpointProcess process) {
        List<NativeText> words = new ArrayList<>();
        byte[] line = process.commandLine().bytes();
        int start = 0;
        for (int i = 0; i < line.length; i++) {
            if (line[i] == 0) {
                words.add(NativeText.copyOf(Arrays.copyOfRange(line, start, i)));
                start = i + 1;
            }
        }
        if (start < line.length) {
            words.add(NativeText.copyOf(Arrays.copyOfRange(line, start, line.length)));
        }
        if (words.isEmpty()) {
            return List.of(process.executable());
        }
        return process.trigger().makesCommand() ? words.subList(0, 1) : words;
    }
}

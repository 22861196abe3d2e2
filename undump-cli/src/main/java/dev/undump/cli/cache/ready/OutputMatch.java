// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The program has written text that the expression finds, to standard output or error.
 *
 * @param expression as of {@link Pattern}; its {@code ^} and {@code $} are the ends of lines
 */
public record OutputMatch(String expression) implements Readiness {

    static OutputMatch parse(String expression) {
        try {
            Pattern.compile(expression);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("output: is followed by no regular expression: " + e.getDescription() + " in \"" + expression + '"');
        }
        return new OutputMatch(expression);
    }

    @Override
    public String word() {
        return "output:" + expression;
    }

    @Override
    public boolean looksAtOutput() {
        return true;
    }

    @Override
    public Watch watch(WatchedProgram program, String before) {
        Pattern pattern = Pattern.compile(expression, Pattern.MULTILINE);
        return () -> pattern.matcher(program.output()).find();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.io.IOException;
import java.nio.file.Path;

/** A condition by which a running program is known to be warm, as {@code --ready} says it. */
public sealed interface Readiness permits ApiCall, OutputMatch, ListeningPort, ChangedFile, IdleTime, ElapsedTime {

    /** What {@code --ready} takes, for messages. */
    String FORMS = "api, output:REGEX, listen:PORT, file:PATH, idle:MILLISECONDS or after:SECONDS";

    /**
     * Reads a condition.
     *
     * @param word as behind {@code --ready}
     * @throws IllegalArgumentException if it is none; the message goes behind "--ready "
     */
    static Readiness parse(String word) {
        int colon = word.indexOf(':');
        String kind = colon < 0 ? word : word.substring(0, colon);
        String value = colon < 0 ? "" : word.substring(colon + 1);
        if (kind.equals("api") && colon < 0) {
            return new ApiCall();
        }
        if (!value.isEmpty()) {
            switch (kind) {
                case "output":
                    return OutputMatch.parse(value);
                case "listen":
                    return new ListeningPort(Numbers.between(1, 65535, value, "a port"));
                case "file":
                    return new ChangedFile(Path.of(value));
                case "idle":
                    return new IdleTime(Numbers.between(1, 86_400_000, value, "milliseconds"));
                case "after":
                    return ElapsedTime.parse(value);
                default:
                    break;
            }
        }
        throw new IllegalArgumentException("takes " + FORMS + ", not \"" + word + '"');
    }

    /** Returns the condition as {@link #parse} takes it. */
    String word();

    /** Whether the image begins with the program's own request, so that each launch has its own arguments and directory. */
    default boolean makesCommand() {
        return false;
    }

    /** Whether the program itself does nothing that says that it is warm, so that it may have begun with its work. */
    default boolean isReadyAtAnyTime() {
        return false;
    }

    /** Whether it wants to know what the program writes. */
    default boolean looksAtOutput() {
        return false;
    }

    /**
     * Returns what the condition has to know of the time before the program begins, in one line.
     *
     * @param directory of the program
     * @throws IOException if that cannot be found out
     */
    default String before(Path directory) throws IOException {
        return "";
    }

    /**
     * Begins to look at a program.
     *
     * @param program a running one
     * @param before what {@link #before} said when it had not begun
     */
    Watch watch(WatchedProgram program, String before);

    /** Looks at one program until it is ready. */
    interface Watch {

        /**
         * Returns whether the program is ready now.
         *
         * @throws IOException if the program cannot be looked at; it has probably ended
         */
        boolean isReady() throws IOException;
    }
}

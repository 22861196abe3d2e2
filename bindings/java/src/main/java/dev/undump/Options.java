// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a checkpoint is taken; begin with {@link #defaults}.
 *
 * @param checkpoint file to write, relative to the working directory; empty: the session's, or {@code myckpt.dat}
 * @param session name under which {@link Undump#rollback} finds it; empty: none
 * @param end whether the process ends, with status 0, when the checkpoint is complete
 * @param cow whether other threads stand for milliseconds only, while a snapshot of the memory is written
 * @param keepEnvironment whether a launch keeps the environment of the checkpoint; else it gets its own
 * @param resume whether a launch continues rather than runs a command: in the directory and with the environment of the checkpoint
 * @param allow weaker restores that are accepted, as {@code ckpt --allow}
 */
public record Options(
        Optional<Path> checkpoint,
        Optional<String> session,
        boolean end,
        boolean cow,
        boolean keepEnvironment,
        boolean resume,
        List<String> allow) {

    private static final Options DEFAULTS =
            new Options(Optional.empty(), Optional.empty(), false, false, false, false, List.of());

    /** Copies the list. */
    public Options {
        allow = List.copyOf(allow);
    }

    /** The process goes on, the file is {@code myckpt.dat}, launches are commands. */
    public static Options defaults() {
        return DEFAULTS;
    }

    /**
     * What the properties of the system say: {@code undump.checkpoint=FILE}, {@code undump.session=NAME},
     * {@code undump.continue=true} (else the process ends), {@code undump.cow=true}, {@code undump.resume=true},
     * {@code undump.allow=WHAT,WHAT}.
     */
    public static Options fromProperties() {
        String file = System.getProperty("undump.checkpoint", "");
        String session = System.getProperty("undump.session", "");
        String allowed = System.getProperty("undump.allow", "");
        return DEFAULTS
                .withCheckpoint(file.isEmpty() ? null : Path.of(file))
                .withSession(session.isEmpty() ? null : session)
                .withEnd(!isSet("undump.continue"))
                .withCow(isSet("undump.cow"))
                .withResume(isSet("undump.resume"))
                .withAllow(allowed.isEmpty() ? List.of() : List.of(allowed.split(",")));
    }

    /** As {@code -Dname} or {@code -Dname=true}. */
    private static boolean isSet(String property) {
        String value = System.getProperty(property, "false");
        return value.isEmpty() || Boolean.parseBoolean(value);
    }

    /** @param file null for the default */
    public Options withCheckpoint(Path file) {
        return new Options(Optional.ofNullable(file), session, end, cow, keepEnvironment, resume, allow);
    }

    /** @param name null for none */
    public Options withSession(String name) {
        return new Options(checkpoint, Optional.ofNullable(name), end, cow, keepEnvironment, resume, allow);
    }

    /** See {@link #end()}. */
    public Options withEnd(boolean value) {
        return new Options(checkpoint, session, value, cow, keepEnvironment, resume, allow);
    }

    /** See {@link #cow()}. */
    public Options withCow(boolean value) {
        return new Options(checkpoint, session, end, value, keepEnvironment, resume, allow);
    }

    /** See {@link #keepEnvironment()}. */
    public Options withKeepEnvironment(boolean value) {
        return new Options(checkpoint, session, end, cow, value, resume, allow);
    }

    /** See {@link #resume()}. */
    public Options withResume(boolean value) {
        return new Options(checkpoint, session, end, cow, keepEnvironment, value, allow);
    }

    /** See {@link #allow()}. */
    public Options withAllow(List<String> names) {
        return new Options(checkpoint, session, end, cow, keepEnvironment, resume, names);
    }
}

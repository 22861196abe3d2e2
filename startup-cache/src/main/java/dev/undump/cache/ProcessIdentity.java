// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process among all of all machines: numbers mean something within one boot of one kernel and one pid namespace, and until the process
 * with that number is another one.
 *
 * @param boot of {@code /proc/sys/kernel/random/boot_id}; {@code unknown} without /proc
 * @param namespace number of the pid namespace
 * @param pid in that namespace
 * @param startTicks when it began, since boot; execve(2) does not change it
 */
record ProcessIdentity(String boot, String namespace, long pid, long startTicks) {

    private static final String UNKNOWN = "unknown";
    private static final Path PROC = Path.of("/proc");
    private static final String TAG = "[0-9a-z-]+_[0-9a-z]+_[0-9]+_-?[0-9]+";

    /** Which of the fields behind the name, from the state on, is the time of start; proc_pid_stat(5). */
    private static final int START_FIELD = 19;

    private static final class Current {
        static final ProcessIdentity PROCESS = find(ProcessHandle.current().pid());
    }

    /** Returns this process. */
    static ProcessIdentity current() {
        return Current.PROCESS;
    }

    /** Returns a process of this pid namespace. */
    static ProcessIdentity find(long pid) {
        try {
            String boot = Files.readString(PROC.resolve("sys/kernel/random/boot_id"), ISO_8859_1).strip();
            String namespace = Files.readSymbolicLink(PROC.resolve("self/ns/pid")).toString().replaceAll("[^0-9]", "");
            return new ProcessIdentity(boot, namespace, pid, state(pid).map(State::startTicks).orElse(-1L));
        } catch (IOException e) {
            return new ProcessIdentity(UNKNOWN, "0", pid, -1);
        }
    }

    /** Tells whether it has ended for certain: whoever cannot be seen from here may live. */
    boolean isDead() {
        return isVisible() && !runs();
    }

    /** Tells whether it runs for certain. */
    boolean isAlive() {
        return isVisible() && runs();
    }

    private boolean isVisible() {
        ProcessIdentity here = current();
        return !boot.equals(UNKNOWN) && boot.equals(here.boot) && namespace.equals(here.namespace);
    }

    private boolean runs() {
        try {
            return state(pid)
                    .filter(state -> state.startTicks() == startTicks && "ZX".indexOf(state.letter()) < 0)
                    .isPresent();
        } catch (IOException e) {
            return true;
        }
    }

    /** Returns one word, which may be part of a file's name. */
    String tag() {
        return boot + "_" + namespace + "_" + pid + "_" + startTicks;
    }

    /** Reads what {@link #tag} wrote. */
    static Optional<ProcessIdentity> parse(String tag) {
        if (!tag.matches(TAG)) {
            return Optional.empty();
        }
        String[] words = tag.split("_");
        try {
            return Optional.of(new ProcessIdentity(words[0], words[1], Long.parseLong(words[2]), Long.parseLong(words[3])));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private record State(char letter, long startTicks) {}

    private static Optional<State> state(long pid) throws IOException {
        String line;
        try {
            line = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"), ISO_8859_1);
        } catch (NoSuchFileException e) {
            // Without /proc there would be none of anybody.
            return Optional.empty();
        } catch (IOException e) {
            if (!Files.exists(PROC.resolve(Long.toString(pid)))) {
                return Optional.empty();
            }
            throw e;
        }
        String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
        return Optional.of(new State(fields[0].charAt(0), Long.parseLong(fields[START_FIELD])));
    }
}

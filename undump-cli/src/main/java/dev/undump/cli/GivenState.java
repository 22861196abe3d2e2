// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What this process was given and what the launcher and the JVM have changed of it, for a program that takes its place: open
 * descriptors, ignored and blocked signals, the locale. The launcher tells in properties.
 */
final class GivenState {

    private static final String DESCRIPTORS = "undump.descriptors";
    private static final String STANDARD = "0 1 2";
    private static final String SIGNALS = "undump.signals";
    private static final String LOCALE = "undump.lc-all";
    private static final String LOCALE_VARIABLE = "LC_ALL";
    private static final int HEXADECIMAL = 16;
    private static final int MASK_BYTES = 128;
    private static final int OVERWRITE = 1;

    private GivenState() {}

    /**
     * Makes the process what it was for a program that is executed next. When that fails, the JVM goes on without handlers of its
     * own for signals, which a failure report needs none of.
     */
    static void restore(CLibrary library) throws IOException {
        closeOthersAtExecution(library);
        restoreLocale(library);
        restoreSignals(library);
    }

    /** Returns what LC_ALL was, perhaps empty, where the launcher has set it for itself. */
    static Optional<String> locale() {
        return Optional.ofNullable(System.getProperty(LOCALE));
    }

    /** The JVM leaves some of its own files open across execution: jars, random devices. */
    private static void closeOthersAtExecution(CLibrary library) throws IOException {
        Set<Integer> given = Arrays.stream(System.getProperty(DESCRIPTORS, STANDARD).split(" "))
                .filter(word -> !word.isEmpty())
                .map(Integer::valueOf)
                .collect(Collectors.toSet());
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path entry : open) {
                int number = Integer.parseInt(entry.getFileName().toString());
                if (!given.contains(number)) {
                    library.fcntl(number, CLibrary.F_SETFD, CLibrary.FD_CLOEXEC);
                }
            }
        }
    }

    private static void restoreLocale(CLibrary library) {
        locale().ifPresent(given -> {
            if (given.isEmpty()) {
                library.unsetenv(LOCALE_VARIABLE);
            } else {
                library.setenv(LOCALE_VARIABLE, given, OVERWRITE);
            }
        });
    }

    /** A JVM handles signals that were ignored and blocks SIGQUIT in its threads. */
    private static void restoreSignals(CLibrary library) {
        String[] masks = System.getProperty(SIGNALS, "").split(" ");
        if (masks.length != 2) {
            return;
        }
        long blocked = Long.parseUnsignedLong(masks[0], HEXADECIMAL);
        long ignored = Long.parseUnsignedLong(masks[1], HEXADECIMAL);
        for (int signal = 1; signal <= Long.SIZE; signal++) {
            if ((ignored >>> (signal - 1) & 1) != 0) {
                library.signal(signal, new Pointer(CLibrary.SIG_IGN));
            }
        }
        Memory mask = new Memory(MASK_BYTES);
        mask.clear();
        mask.setLong(0, blocked);
        library.sigprocmask(CLibrary.SIG_SETMASK, mask, Pointer.NULL);
    }
}

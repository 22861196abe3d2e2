// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalInt;

/**
 * Where System.exit, Runtime.exit and Runtime.halt lead to during warm-up runs: {@link Runtime} is redefined for so long, and is what
 * it was before the checkpoint.
 */
public final class ExitGate {
    private static final Object LOCK = new Object();
    private static OptionalInt status = OptionalInt.empty();

    private ExitGate() {}

    /** Called by the redefined methods. The first status counts, as it would have ended the JVM. */
    public static void exit(int given) {
        synchronized (LOCK) {
            if (status.isEmpty()) {
                status = OptionalInt.of(given);
            }
        }
        throw new ToolExit();
    }

    /** With which the tool has exited since {@link #reset}. */
    static OptionalInt status() {
        synchronized (LOCK) {
            return status;
        }
    }

    static void reset() {
        synchronized (LOCK) {
            status = OptionalInt.empty();
        }
    }

    static void close(Binding binding) {
        binding.redefine(Runtime.class, new ClassFile(original()).withBody("exit", "(I)V", ExitGate.class, "exit")
                .withBody("halt", "(I)V", ExitGate.class, "exit").bytes());
    }

    static void open(Binding binding) {
        binding.redefine(Runtime.class, original());
    }

    private static byte[] original() {
        try (InputStream in = Runtime.class.getResourceAsStream("Runtime.class")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new Unprepared("java.lang.Runtime of this JDK cannot be read: " + e);
        }
    }
}

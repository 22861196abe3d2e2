// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Objects;

/** What the JDK keeps of its start and a launch makes new, beside what undump-java does for every checkpoint. */
final class LaunchState {
    private final String path = System.getenv("PATH");
    private final boolean startsProcesses = Internals.isInitialized("java.lang.ProcessImpl");
    private final boolean knowsItself = Internals.isInitialized("java.lang.ProcessHandleImpl");

    /** Makes it new. */
    void refresh(String what, List<String> arguments) {
        String command = arguments.isEmpty() ? what : what + " " + String.join(" ", arguments);
        System.setProperty("sun.java.command", command);
        JvmState.forgetTimeZone();
        if (startsProcesses && !Objects.equals(path, System.getenv("PATH"))) {
            Internals.method(Internals.type("java.lang.ProcessImpl").orElseThrow(), "init")
                    .ifPresent(init -> Internals.call(init, null));
        }
        if (knowsItself) {
            ownProcess();
        }
    }

    /** ProcessHandle.current() is made once. */
    private static void ownProcess() {
        Class<?> type = Internals.type("java.lang.ProcessHandleImpl").orElseThrow();
        Object current = Internals.get(Internals.need(type, "current"), null);
        Method pid = Internals.method(type, "getCurrentPid0").orElseThrow();
        Method start = Internals.method(type, "isAlive0", long.class).orElseThrow();
        Object now = Internals.call(pid, null);
        Internals.set(Internals.need(type, "pid"), current, now);
        Internals.set(Internals.need(type, "startTime"), current, Internals.call(start, null, now));
    }
}

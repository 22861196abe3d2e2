// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a JVM reads once, when it starts, and keeps in places that cannot all be made new: a launch that finds it different is for
 * the original command.
 */
final class StartConditions {
    /** Read by the JVM or by its launcher, besides the locale. */
    private static final List<String> VARIABLES = List.of(
            "TZ", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "JDK_AOT_VM_OPTIONS", "LD_LIBRARY_PATH");

    private final List<String> others;
    private final Map<String, String> captured;

    /** @param others further variables that must be alike */
    StartConditions(List<String> others) {
        this.others = List.copyOf(others);
        captured = now();
    }

    /** What is not as it was; empty when the launch fits. */
    Optional<String> difference() {
        Map<String, String> now = now();
        Optional<String> different = captured.keySet().stream()
                .filter(name -> !Objects.equals(captured.get(name), now.get(name)))
                .findFirst();
        return different.isPresent() ? different : Optional.of("terminal").filter(name -> isConsoleOutdated());
    }

    private Map<String, String> now() {
        Map<String, String> environment = System.getenv();
        Map<String, String> conditions = new TreeMap<>();
        conditions.put("LC_CTYPE", locale(environment, "LC_CTYPE"));
        conditions.put("LC_MESSAGES", locale(environment, "LC_MESSAGES"));
        VARIABLES.forEach(name -> conditions.put(name, environment.get(name)));
        others.forEach(name -> conditions.put(name, environment.get(name)));
        String user = userId();
        conditions.put("user", user);
        if (isHomeFromVariable(user)) {
            conditions.put("HOME", environment.get("HOME"));
        }
        return conditions;
    }

    /** As setlocale(3) looks it up. */
    private static String locale(Map<String, String> environment, String category) {
        for (String name : List.of("LC_ALL", category, "LANG")) {
            String value = environment.getOrDefault(name, "");
            if (!value.isEmpty()) {
                return value.equals("POSIX") ? "C" : value;
            }
        }
        return "C";
    }

    private static String userId() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("Uid:")) {
                    return line;
                }
            }
        } catch (IOException e) {
            return "unknown: " + e;
        }
        return "unknown";
    }

    /** The JVM takes the directory that the password file has for the user, and the variable only where there is none. */
    private boolean isHomeFromVariable(String user) {
        if (captured != null) {
            return captured.containsKey("HOME");
        }
        String home = System.getProperty("user.home", "");
        if (!home.equals(System.getenv("HOME"))) {
            return false;
        }
        String id = user.split("\\s+").length > 1 ? user.split("\\s+")[1] : "";
        try {
            for (String line : Files.readAllLines(Path.of("/etc/passwd"), StandardCharsets.ISO_8859_1)) {
                String[] fields = line.split(":");
                if (fields.length > 5 && fields[2].equals(id)) {
                    return !fields[5].equals(home);
                }
            }
        } catch (IOException e) {
            return true;
        }
        return true;
    }

    /** Newer JDKs look once and for all whether there is a terminal; that of the capture is known: there was none. */
    private static boolean isConsoleOutdated() {
        Optional<Field> console = Internals.field("java.io.Console", "cons");
        if (console.isEmpty() || !Modifier.isFinal(console.get().getModifiers()) || !Internals.isInitialized("java.io.Console")) {
            return false;
        }
        Class<?> type = console.get().getDeclaringClass();
        return Internals.method(type, "ttyStatus")
                .map(status -> (Integer) Internals.call(status, null) != 0)
                .or(() -> Internals.method(type, "istty").map(terminal -> (Boolean) Internals.call(terminal, null)))
                .orElse(true);
    }
}

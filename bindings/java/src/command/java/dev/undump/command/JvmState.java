// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicInteger;

/** What a program can change of its whole JVM: remembered before the first run of the tool, and put back behind each. */
final class JvmState {
    private final Properties properties = System.getProperties();
    private final Properties values = new Properties();
    private final Locale locale = Locale.getDefault();
    private final Locale display = Locale.getDefault(Locale.Category.DISPLAY);
    private final Locale format = Locale.getDefault(Locale.Category.FORMAT);
    private final Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
    private final List<Runnable> counters = new ArrayList<>();

    JvmState() {
        values.putAll(properties);
        remember("java.lang.Thread", "threadInitNumber");
        remember("java.lang.Thread$ThreadNumbering", "next");
    }

    void restore() {
        System.setProperties(properties);
        properties.clear();
        properties.putAll(values);
        Locale.setDefault(locale);
        Locale.setDefault(Locale.Category.DISPLAY, display);
        Locale.setDefault(Locale.Category.FORMAT, format);
        Thread.setDefaultUncaughtExceptionHandler(handler);
        withoutSecurityManager();
        forgetTimeZone();
        counters.forEach(Runnable::run);
        Internals.field("java.util.concurrent.Executors$DefaultThreadFactory", "poolNumber")
                .filter(number -> Internals.isInitialized("java.util.concurrent.Executors$DefaultThreadFactory"))
                .ifPresent(number -> ((AtomicInteger) Internals.get(number, null)).set(1));
    }

    /** One of the tool's would have a word in its own removal; newer JDKs have none. */
    private static void withoutSecurityManager() {
        Optional<Class<?>> manager = Internals.type("java.lang.SecurityManager");
        if (manager.isEmpty()) {
            return;
        }
        try {
            Internals.lookup().findStaticVarHandle(System.class, "security", manager.get()).set((Object) null);
        } catch (NoSuchFieldException | IllegalAccessException e) {
            return;
        }
    }

    /** It is found out again when somebody asks. */
    static void forgetTimeZone() {
        if (Internals.isInitialized("java.util.TimeZone")) {
            Internals.set(Internals.need(TimeZone.class, "defaultTimeZone"), null, null);
        }
    }

    /** Threads without a name are numbered. */
    private void remember(String owner, String name) {
        Optional<Field> field = Internals.field(owner, name);
        field.ifPresent(number -> {
            Object value = Internals.get(number, null);
            counters.add(() -> Internals.set(number, null, value));
        });
    }
}

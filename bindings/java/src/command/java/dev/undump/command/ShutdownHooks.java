// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.File;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What a tool leaves for the end of the JVM, hooks and files to delete: it is done behind each warm-up run.
 *
 * <p>A hook that only the first run registers belongs to state that the tool makes once, such as a class's static initializer: it
 * stays registered, for the launches. Hooks of the JDK itself, such as that of java.util.logging, stay as well.
 */
final class ShutdownHooks {
    private static final long LIMIT_MS = TimeUnit.SECONDS.toMillis(10);

    private final Map<Thread, Thread> hooks;
    private final Object hooksLock;
    private final Collection<String> filesToDelete;
    private final Object filesLock;
    private final Set<Thread> kept = new HashSet<>();
    private final List<Thread> ofFirstRun = new ArrayList<>();
    private final Set<String> repeated = new HashSet<>();
    private final boolean sameClasses;
    private int runs;

    /** @param sameClasses whether runs share their classes; else nothing that one has registered is for launches */
    @SuppressWarnings("unchecked")
    ShutdownHooks(boolean sameClasses) {
        this.sameClasses = sameClasses;
        Class<?> application = Internals.type("java.lang.ApplicationShutdownHooks").orElseThrow();
        Class<?> deletion = Internals.type("java.io.DeleteOnExitHook").orElseThrow();
        hooks = (Map<Thread, Thread>) Internals.get(Internals.need(application, "hooks"), null);
        filesToDelete = (Collection<String>) Internals.get(Internals.need(deletion, "files"), null);
        hooksLock = application;
        filesLock = deletion;
        synchronized (hooksLock) {
            kept.addAll(hooks.keySet());
        }
    }

    /** Behind a run. */
    void afterRun() {
        runs++;
        List<Thread> added = takeAdded();
        if (runs == 1 && sameClasses) {
            ofFirstRun.addAll(added);
        } else {
            added.forEach(hook -> repeated.add(kind(hook)));
            run(added);
        }
        deleteFiles();
    }

    /** Behind all runs. */
    void afterAll() {
        if (runs == 1) {
            run(ofFirstRun);
            return;
        }
        List<Thread> once = ofFirstRun.stream().filter(hook -> !repeated.contains(kind(hook))).toList();
        run(ofFirstRun.stream().filter(hook -> repeated.contains(kind(hook))).toList());
        synchronized (hooksLock) {
            once.forEach(hook -> hooks.put(hook, hook));
        }
    }

    private List<Thread> takeAdded() {
        synchronized (hooksLock) {
            List<Thread> added = new ArrayList<>();
            for (Thread hook : hooks.keySet()) {
                if (!kept.contains(hook)) {
                    added.add(hook);
                }
            }
            kept.addAll(added.stream().filter(ShutdownHooks::isOfTheJdk).toList());
            added.removeIf(ShutdownHooks::isOfTheJdk);
            added.forEach(hooks::remove);
            return added;
        }
    }

    private static boolean isOfTheJdk(Thread hook) {
        ClassLoader loader = hook.getClass().getClassLoader();
        return hook.getClass() != Thread.class && (loader == null || loader == ClassLoader.getPlatformClassLoader());
    }

    /** Two hooks of one kind run the same code. */
    private static String kind(Thread hook) {
        Object task = task(hook).orElse(null);
        return hook.getClass().getName() + " " + (task == null ? "" : task.getClass().getName());
    }

    private static Optional<Object> task(Thread hook) {
        Optional<Field> target = Internals.field(Thread.class, "target");
        if (target.isPresent()) {
            return Optional.ofNullable(Internals.get(target.get(), hook));
        }
        Object holder = Internals.get(Internals.need(Thread.class, "holder"), hook);
        return Optional.ofNullable(Internals.get(Internals.need(holder.getClass(), "task"), holder));
    }

    private static void run(List<Thread> ended) {
        ended.forEach(Thread::start);
        for (Thread hook : ended) {
            try {
                hook.join(LIMIT_MS);
            } catch (InterruptedException e) {
                throw new Unprepared("the preparation was interrupted");
            }
            if (hook.isAlive()) {
                throw new Unprepared("a shutdown hook of the tool does not end: " + ToolRun.describe(hook));
            }
        }
    }

    private void deleteFiles() {
        List<String> files;
        synchronized (filesLock) {
            files = new ArrayList<>(filesToDelete);
            filesToDelete.clear();
        }
        Collections.reverse(files);
        files.forEach(file -> new File(file).delete());
    }
}

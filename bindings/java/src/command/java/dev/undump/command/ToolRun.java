// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One run of the tool's main, in a thread of its own that is called as the launcher's: what it leaves in thread locals is gone
 * afterwards. It ends as a JVM ends: by an exit, or when no thread is left but daemons.
 */
final class ToolRun {
    private static final long POLL_MS = 2;
    private static final long GRACE_NS = TimeUnit.SECONDS.toNanos(2);

    private final MethodHandle main;
    private final ClassLoader loader;
    private final long limitNanos;
    private final Set<Thread> before = threads();
    private volatile Throwable failure;

    private ToolRun(MethodHandle main, ClassLoader loader, long limitNanos) {
        this.main = main;
        this.loader = loader;
        this.limitNanos = limitNanos;
    }

    /**
     * Runs.
     *
     * @param status as of the process
     * @param left threads that did not end
     */
    record Outcome(int status, List<Thread> left) {}

    /**
     * Runs the tool.
     *
     * @throws Unprepared if it does not end in time
     */
    static Outcome of(MethodHandle main, ClassLoader loader, List<String> arguments, long limitSeconds) {
        return new ToolRun(main, loader, TimeUnit.SECONDS.toNanos(limitSeconds)).run(arguments.toArray(String[]::new));
    }

    private Outcome run(String[] arguments) {
        ExitGate.reset();
        ThreadGroup group = new ThreadGroup(Thread.currentThread().getThreadGroup(), "main");
        Thread thread = new Thread(group, () -> call(arguments), "main");
        thread.setContextClassLoader(loader);
        thread.start();
        long deadline = System.nanoTime() + limitNanos;
        while (ExitGate.status().isEmpty() && !working().isEmpty()) {
            if (System.nanoTime() > deadline) {
                throw new Unprepared("a warm-up run did not end within " + TimeUnit.NANOSECONDS.toSeconds(limitNanos)
                        + " s: " + describe(working().get(0)) + "; the warm-up must be something that ends"
                        + " (--limit gives more time)");
            }
            pause();
        }
        OptionalInt exit = ExitGate.status();
        if (exit.isPresent()) {
            endOthers();
        }
        List<Thread> left = started();
        return new Outcome(exit.orElse(failure == null ? 0 : 1), left);
    }

    private void call(String[] arguments) {
        try {
            main.invokeExact(arguments);
        } catch (ToolExit e) {
            // The gate has its status.
        } catch (Throwable e) {
            failure = e;
            Thread self = Thread.currentThread();
            self.getUncaughtExceptionHandler().uncaughtException(self, e);
        }
    }

    /** Threads of the tool that keep a JVM alive. */
    private List<Thread> working() {
        return started().stream().filter(thread -> !thread.isDaemon()).toList();
    }

    private List<Thread> started() {
        List<Thread> started = new ArrayList<>();
        for (Thread thread : threads()) {
            if (!before.contains(thread) && thread.isAlive() && !isOfTheJdk(thread)) {
                started.add(thread);
            }
        }
        return started;
    }

    /** An exit ends all threads wherever they are; here they are asked, and have a moment. */
    private void endOthers() {
        long deadline = System.nanoTime() + GRACE_NS;
        while (!working().isEmpty() && System.nanoTime() < deadline) {
            working().forEach(Thread::interrupt);
            pause();
        }
    }

    /** Workers that the JDK starts for itself, such as the reaper of child processes, are there for the next run as well. */
    private static boolean isOfTheJdk(Thread thread) {
        ThreadGroup group = thread.getThreadGroup();
        boolean system = group == null || group.getParent() == null || "InnocuousThreadGroup".equals(group.getName());
        return thread.isDaemon() && system;
    }

    private static Set<Thread> threads() {
        ThreadGroup root = Thread.currentThread().getThreadGroup();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Thread[] all = new Thread[64];
        int count = root.enumerate(all);
        while (count == all.length) {
            all = new Thread[2 * all.length];
            count = root.enumerate(all);
        }
        return new HashSet<>(Arrays.asList(all).subList(0, count));
    }

    /** Name and place of a thread, for messages. */
    static String describe(Thread thread) {
        StackTraceElement[] stack = thread.getStackTrace();
        return "thread \"" + thread.getName() + "\"" + (stack.length == 0 ? "" : " is in " + stack[0]);
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MS);
        } catch (InterruptedException e) {
            throw new Unprepared("the preparation was interrupted");
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URLClassLoader;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.net.URL;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * The library undump-java, in a class loader of its own: a tool that uses it as well has another copy. Its jar is closed when its
 * classes are loaded, so that no launch needs it.
 */
final class Binding {
    private final Class<?> undump;
    private final Class<?> options;
    private final Class<?> natives;

    private Binding(ClassLoader loader) throws ClassNotFoundException {
        undump = Class.forName("dev.undump.Undump", true, loader);
        options = Class.forName("dev.undump.Options", true, loader);
        natives = Class.forName("dev.undump.internal.Native", true, loader);
    }

    static Binding load(Path jar) {
        try (JarFile file = new JarFile(jar.toFile());
                URLClassLoader loader = new URLClassLoader(
                        "undump", new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            for (JarEntry entry : file.stream().toList()) {
                String name = entry.getName();
                if (name.startsWith("dev/undump/") && name.endsWith(".class") && !name.contains("package-info")) {
                    loadIfPossible(name.substring(0, name.length() - ".class".length()).replace('/', '.'), loader);
                }
            }
            return new Binding(loader);
        } catch (IOException | ClassNotFoundException e) {
            throw new Unprepared("loading " + jar + ": " + e.getMessage());
        }
    }

    /** What is for other uses of the library needs other libraries. */
    private static void loadIfPossible(String name, ClassLoader loader) throws ClassNotFoundException {
        try {
            Class.forName(name, false, loader);
        } catch (NoClassDefFoundError e) {
            return;
        }
    }

    /** Why there can be no checkpoint; empty when there can. */
    Optional<String> obstacle() {
        return (boolean) call(undump, "isAvailable") ? Optional.empty() : Optional.of("the library undump-java does not load");
    }

    /**
     * Takes the checkpoint, which ends this process.
     *
     * @return in a launch, what was not made new
     * @throws Unprepared if there is none
     */
    List<Throwable> checkpoint(Path file, List<String> allow) {
        Object wanted = call(options, "defaults");
        wanted = call(options, "withCheckpoint", wanted, Path.class, file);
        wanted = call(options, "withAllow", wanted, List.class, allow);
        wanted = call(options, "withEnd", wanted, boolean.class, true);
        Method checkpoint = Internals.method(undump, "checkpoint", options).orElseThrow();
        try {
            checkpoint.invoke(null, wanted);
            return List.of();
        } catch (InvocationTargetException e) {
            if (isLaunch()) {
                return List.of(e.getCause());
            }
            throw new Unprepared(String.valueOf(e.getCause().getMessage()));
        } catch (IllegalAccessException e) {
            throw new Unprepared("undump-java: " + e);
        }
    }

    private boolean isLaunch() {
        return ((Optional<?>) call(undump, "launch")).isPresent();
    }

    /** Arguments of the launch, behind its name. */
    @SuppressWarnings("unchecked")
    List<String> arguments() {
        Object launch = ((Optional<?>) call(undump, "launch")).orElseThrow();
        return (List<String>) call(launch.getClass(), "arguments", launch);
    }

    /** Whether the working directory of the launch has a name; without one, java does not even start. */
    boolean isInADirectory() {
        Object launch = ((Optional<?>) call(undump, "launch")).orElseThrow();
        return ((Optional<?>) call(launch.getClass(), "directory", launch)).isPresent();
    }

    /** Gives a class other bytes, and leaves nothing behind that watches classes. */
    void redefine(Class<?> type, byte[] bytes) {
        Method method = Internals.method(natives, "redefine", Class.class, byte[].class).orElseThrow();
        int error = (int) Internals.call(method, null, type, bytes);
        if (error != 0) {
            throw new Unprepared("this JVM does not let " + type.getName() + " be redefined (JVMTI error " + error + ")");
        }
    }

    /**
     * Becomes another program, with the environment of the launch.
     *
     * @param descriptors that the program shall not have
     * @return only on failure, its errno
     */
    int execute(List<String> command, int[] descriptors) {
        Charset names = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        byte[][] words = command.stream().map(word -> word.getBytes(names)).toArray(byte[][]::new);
        Method method = Internals.method(natives, "execute", byte[][].class, int[].class).orElseThrow();
        return (int) Internals.call(method, null, words, descriptors);
    }

    private static Object call(Class<?> owner, String name) {
        return Internals.call(Internals.method(owner, name).orElseThrow(), null);
    }

    private static Object call(Class<?> owner, String name, Object target) {
        return Internals.call(Internals.method(owner, name).orElseThrow(), target);
    }

    private static Object call(Class<?> owner, String name, Object target, Class<?> parameter, Object value) {
        return Internals.call(Internals.method(owner, name, parameter).orElseThrow(), target, value);
    }
}

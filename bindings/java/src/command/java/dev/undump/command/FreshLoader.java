// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.File;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Loaders of the class path for warm-up runs, so that launches find the tool's classes as they are before their first use. What a
 * launch will need of them is loaded, but not initialised.
 */
final class FreshLoader implements AutoCloseable {
    private final URLClassLoader loader;
    private final Set<String> used;

    /** @param used to which the names of the classes go that were loaded */
    FreshLoader(Set<String> used) {
        this.used = used;
        loader = new URLClassLoader("app", classPath(), ClassLoader.getPlatformClassLoader());
    }

    ClassLoader loader() {
        return loader;
    }

    Class<?> load(String name) {
        try {
            return Class.forName(name, false, loader);
        } catch (ClassNotFoundException e) {
            throw new Unprepared("the class " + name + " is not on the class path, which --fresh-loader is for");
        }
    }

    @Override
    public void close() {
        classes().forEach(type -> used.add(type.getName()));
        try {
            loader.close();
        } catch (IOException e) {
            throw new Unprepared("a jar of the class path cannot be closed: " + e.getMessage());
        }
    }

    @SuppressWarnings("unchecked")
    private List<Class<?>> classes() {
        try {
            VarHandle classes = Internals.lookup().findVarHandle(ClassLoader.class, "classes", ArrayList.class);
            return List.copyOf((ArrayList<Class<?>>) classes.get(loader));
        } catch (NoSuchFieldException | IllegalAccessException e) {
            throw new Unprepared("this JDK's class loaders do not tell what they have loaded: " + e);
        }
    }

    /** Loads classes in the loader of the launches; what only runs could load, such as proxies, is left out. */
    static void preload(Set<String> names) {
        for (String name : new LinkedHashSet<>(names)) {
            try {
                // Asking for members links the class.
                Class.forName(name, false, ClassLoader.getSystemClassLoader()).getDeclaredMethods();
            } catch (ClassNotFoundException | LinkageError e) {
                continue;
            }
        }
    }

    private static URL[] classPath() {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            try {
                urls.add(new File(entry).toURI().toURL());
            } catch (MalformedURLException e) {
                throw new Unprepared("the class path has " + entry + ": " + e.getMessage());
            }
        }
        return urls.toArray(URL[]::new);
    }
}

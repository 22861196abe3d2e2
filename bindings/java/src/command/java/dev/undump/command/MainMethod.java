// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Optional;

/** The main method of a class, as the launcher of this JDK finds and calls it, as a handle of type {@code (String[])void}. */
final class MainMethod {
    private static final MethodType TYPE = MethodType.methodType(void.class, String[].class);

    private MainMethod() {}

    /** Loads the main class as the launcher does; when it cannot, this prints the launcher's message and ends the JVM. */
    static Class<?> load(Settings settings) {
        int mode = switch (settings.mode()) {
            case "class" -> 1;
            case "jar" -> 2;
            default -> 3;
        };
        Class<?> helper = Internals.type("sun.launcher.LauncherHelper").orElseThrow();
        Method load = Internals.method(helper, "checkAndLoadMain", boolean.class, int.class, String.class)
                .orElseThrow(() -> new Unprepared("this JDK's launcher has no checkAndLoadMain"));
        return (Class<?>) Internals.call(load, null, true, mode, settings.what());
    }

    static MethodHandle of(Class<?> type) {
        MethodHandles.Lookup all = Internals.lookup();
        try {
            Method method = find(type);
            MethodHandle main = all.unreflect(method);
            if (!Modifier.isStatic(method.getModifiers())) {
                MethodHandle make = all.findConstructor(type, MethodType.methodType(void.class));
                main = MethodHandles.collectArguments(main, 0, make.asType(make.type().changeReturnType(method.getDeclaringClass())));
            }
            if (method.getParameterCount() == 0) {
                main = MethodHandles.dropArguments(main, 0, String[].class);
            }
            return main.asType(TYPE);
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw new Unprepared("the main class " + type.getName() + " has no main method that can be called: " + e.getMessage());
        }
    }

    /** JDK 25 and later also take methods of instances, without parameter, and not public ones. */
    private static Method find(Class<?> type) throws NoSuchMethodException {
        Optional<Method> finder = Internals.type("jdk.internal.misc.MethodFinder")
                .flatMap(owner -> Internals.method(owner, "findMainMethod", Class.class));
        return finder.isPresent()
                ? (Method) Internals.call(finder.get(), null, type)
                : type.getMethod("main", String[].class);
    }
}

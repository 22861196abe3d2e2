// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Optional;

/** Private state of java.base, which these classes are part of. What a version of the JDK does not have is empty. */
final class Internals {
    private Internals() {}

    /** May do anything, also with fields that reflection does not show. */
    static MethodHandles.Lookup lookup() {
        return (MethodHandles.Lookup) get(need(MethodHandles.Lookup.class, "IMPL_LOOKUP"), null);
    }

    /** A class of java.base, without initialising it. */
    static Optional<Class<?>> type(String name) {
        try {
            return Optional.of(Class.forName(name, false, null));
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    static Optional<Field> field(Class<?> owner, String name) {
        try {
            Field field = owner.getDeclaredField(name);
            field.setAccessible(true);
            return Optional.of(field);
        } catch (NoSuchFieldException e) {
            return Optional.empty();
        }
    }

    static Optional<Field> field(String owner, String name) {
        return type(owner).flatMap(type -> field(type, name));
    }

    /** A field that this JDK has to have. */
    static Field need(Class<?> owner, String name) {
        return field(owner, name).orElseThrow(() -> new Unprepared("this JDK has no " + owner.getName() + "." + name));
    }

    static Object get(Field field, Object target) {
        try {
            return field.get(target);
        } catch (IllegalAccessException e) {
            throw new Unprepared(field + " cannot be read: " + e);
        }
    }

    static void set(Field field, Object target, Object value) {
        try {
            field.set(target, value);
        } catch (IllegalAccessException e) {
            throw new Unprepared(field + " cannot be written: " + e);
        }
    }

    static Optional<Method> method(Class<?> owner, String name, Class<?>... parameters) {
        try {
            Method method = owner.getDeclaredMethod(name, parameters);
            method.setAccessible(true);
            return Optional.of(method);
        } catch (NoSuchMethodException e) {
            return Optional.empty();
        }
    }

    /** Calls a method; what it throws unchecked is thrown on. */
    static Object call(Method method, Object target, Object... arguments) {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new Unprepared(method + " failed: " + e.getCause());
        } catch (IllegalAccessException e) {
            throw new Unprepared(method + " cannot be called: " + e);
        }
    }

    /** Whether a class has been initialised; one that this JDK does not have has not. */
    static boolean isInitialized(String name) {
        Optional<Class<?>> type = type(name);
        if (type.isEmpty()) {
            return false;
        }
        Class<?> unsafe = type("jdk.internal.misc.Unsafe").orElseThrow();
        Object instance = call(method(unsafe, "getUnsafe").orElseThrow(), null);
        return !(Boolean) call(method(unsafe, "shouldBeInitialized", Class.class).orElseThrow(), instance, type.get());
    }
}

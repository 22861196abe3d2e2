// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.util.Optional;

/** Classes and fields of the JDK by name; another JDK may do without. */
final class JdkFields {
    private JdkFields() {}

    /** Finds a class, which is not initialised for it. */
    static Optional<Class<?>> type(String name) {
        try {
            return Optional.of(Class.forName(name, false, ClassLoader.getPlatformClassLoader()));
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    /** Value of a static field; null when it is null or there is none. */
    static Object ofStatic(String owner, String name, String signature) {
        return type(owner).map(type -> Native.staticField(type, name, signature)).orElse(null);
    }

    /** Value of an object's field; null when it is null or there is none. */
    static Object of(Object target, String owner, String name, String signature) {
        return type(owner).filter(type -> type.isInstance(target))
                .map(type -> Native.instanceField(target, type, name, signature))
                .orElse(null);
    }

    /** Sets an object's field; false when there is none. */
    static boolean set(Object target, String owner, String name, String signature, Object value) {
        return type(owner).filter(type -> type.isInstance(target))
                .map(type -> Native.setInstanceField(target, type, name, signature, value))
                .orElse(false);
    }

    /** Sets an object's field of type long; false when there is none. */
    static boolean setLong(Object target, String owner, String name, long value) {
        return type(owner).filter(type -> type.isInstance(target))
                .map(type -> Native.setInstanceLong(target, type, name, value))
                .orElse(false);
    }
}

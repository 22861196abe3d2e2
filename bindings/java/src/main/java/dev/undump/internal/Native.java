// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.nio.ByteBuffer;

/** The natives of libundump-java.so (src/main/c). Strings are bytes without the zero that ends them in C. */
final class Native {
    static {
        NativeLibrary.failure();
    }

    private Native() {}

    /** undump_checkpoint; null and empty as undump.h has them. */
    static native int checkpoint(
            byte[] file, byte[] session, boolean end, boolean cow, boolean keepEnvironment, boolean resume, byte[][] allow);

    /** undump_error. */
    static native byte[] error();

    /** undump_launched: {@code long[]{generation}, byte[] nonce, byte[][] argv, byte[][] envp, byte[] directory}; null for none. */
    static native Object[] launched();

    /** undump_sessions. */
    static native int sessions(SessionVisitor visitor);

    /** undump_session_image. */
    static native int sessionImage(byte[] name);

    /** undump_session_remove. */
    static native int sessionRemove(byte[] name);

    /** undump_set_commands; null: looked for as undump.h says. */
    static native int setCommands(byte[] ckpt, byte[] undump);

    /** undump_rollback. */
    static native int rollback(byte[] name);

    /** Value of a static field, whatever its access; null when there is no such field. */
    static native Object staticField(Class<?> owner, String name, String signature);

    /** Value of a field; null when there is no such field. */
    static native Object instanceField(Object target, Class<?> owner, String name, String signature);

    /** Sets a field; false when there is no such field. */
    static native boolean setInstanceField(Object target, Class<?> owner, String name, String signature, Object value);

    /** Sets a static field of type long; false when there is no such field. */
    static native boolean setStaticLong(Class<?> owner, String name, long value);

    /** Sets a field of type long; false when there is no such field. */
    static native boolean setInstanceLong(Object target, Class<?> owner, String name, long value);

    /** All living objects of a class and its subclasses; null when this JVM cannot tell. */
    static native Object[] instances(Class<?> wanted);

    /** A page that every launch finds zeroed, whoever took its checkpoint; null where the kernel has none. Never unmapped. */
    static native ByteBuffer wipedPage();

    /** Gives a class other bytes; 0, or the error of JVMTI. */
    static native int redefine(Class<?> type, byte[] bytes);

    /** execv(3) of these words, without the descriptors; returns only on failure, errno. */
    static native int execute(byte[][] words, int[] descriptors);
}

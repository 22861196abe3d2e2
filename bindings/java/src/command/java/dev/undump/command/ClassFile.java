// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A class file whose methods get another body, which hands their parameter, an int, to a static method.
 *
 * <p>That is all that is needed here, and it needs no library that would have to keep up with the versions of the format: constants
 * are added behind those that there are, all else is copied. Source: The Java Virtual Machine Specification, chapter 4.
 */
final class ClassFile {
    private static final int POOL_COUNT_AT = 8;
    private static final int UTF8 = 1;
    private static final int LONG = 5;
    private static final int DOUBLE = 6;
    private static final int CLASS = 7;
    private static final int STRING = 8;
    private static final int METHODREF = 10;
    private static final int NAME_AND_TYPE = 12;
    private static final int METHOD_HANDLE = 15;
    private static final int METHOD_TYPE = 16;
    private static final int MODULE = 19;
    private static final int PACKAGE = 20;
    private static final byte ILOAD_1 = 0x1b;
    private static final byte INVOKESTATIC = (byte) 0xb8;
    private static final byte RETURN = (byte) 0xb1;

    private final byte[] bytes;
    private final int[] constantsAt;
    private final int poolEnd;

    ClassFile(byte[] bytes) {
        this.bytes = bytes;
        ByteBuffer in = ByteBuffer.wrap(bytes);
        constantsAt = new int[Short.toUnsignedInt(in.getShort(POOL_COUNT_AT))];
        int at = POOL_COUNT_AT + 2;
        int number = 1;
        while (number < constantsAt.length) {
            constantsAt[number] = at;
            int tag = bytes[at];
            number += tag == LONG || tag == DOUBLE ? 2 : 1;
            at += 1 + size(in, at, tag);
        }
        poolEnd = at;
    }

    /** Of what follows the tag of a constant. */
    private static int size(ByteBuffer in, int at, int tag) {
        return switch (tag) {
            case UTF8 -> 2 + Short.toUnsignedInt(in.getShort(at + 1));
            case CLASS, STRING, METHOD_TYPE, MODULE, PACKAGE -> 2;
            case METHOD_HANDLE -> 3;
            case LONG, DOUBLE -> 8;
            default -> 4;
        };
    }

    byte[] bytes() {
        return bytes;
    }

    /**
     * Replaces the body of an instance method that takes an int and returns nothing.
     *
     * @throws Unprepared if there is no such method
     */
    ClassFile withBody(String name, String descriptor, Class<?> owner, String target) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int count = constantsAt.length;
        int interfaces = Short.toUnsignedInt(in.getShort(poolEnd + 6));
        in.position(poolEnd + 8 + 2 * interfaces);
        skipMembers(in);
        int methodsAt = in.position();
        ByteArrayOutputStream buffer = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(buffer)) {
            out.write(bytes, 0, POOL_COUNT_AT);
            out.writeShort(count + 6);
            out.write(bytes, POOL_COUNT_AT + 2, poolEnd - POOL_COUNT_AT - 2);
            constants(out, count, owner, target, descriptor);
            out.write(bytes, poolEnd, methodsAt - poolEnd);
            boolean found = methods(in, out, name, descriptor, count + 5);
            out.write(bytes, in.position(), in.remaining());
            if (!found) {
                throw new Unprepared("this JDK has no " + name + descriptor + " where it is expected");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new ClassFile(buffer.toByteArray());
    }

    /** Six constants, of which the last one names the target. */
    private static void constants(DataOutputStream out, int first, Class<?> owner, String target, String descriptor)
            throws IOException {
        for (String text : new String[] {owner.getName().replace('.', '/'), target, descriptor}) {
            out.writeByte(UTF8);
            out.writeUTF(text);
        }
        out.writeByte(CLASS);
        out.writeShort(first);
        out.writeByte(NAME_AND_TYPE);
        out.writeShort(first + 1);
        out.writeShort(first + 2);
        out.writeByte(METHODREF);
        out.writeShort(first + 3);
        out.writeShort(first + 4);
    }

    private boolean methods(ByteBuffer in, DataOutputStream out, String name, String descriptor, int target) throws IOException {
        boolean found = false;
        int count = Short.toUnsignedInt(in.getShort());
        out.writeShort(count);
        for (int i = 0; i < count; i++) {
            int at = in.position();
            boolean wanted = text(Short.toUnsignedInt(in.getShort(at + 2))).equals(name)
                    && text(Short.toUnsignedInt(in.getShort(at + 4))).equals(descriptor);
            out.write(bytes, at, 6);
            in.position(at + 6);
            int attributes = Short.toUnsignedInt(in.getShort());
            out.writeShort(attributes);
            for (int j = 0; j < attributes; j++) {
                int attributeAt = in.position();
                String attribute = text(Short.toUnsignedInt(in.getShort()));
                int length = in.getInt();
                in.position(in.position() + length);
                if (wanted && attribute.equals("Code")) {
                    out.write(bytes, attributeAt, 2);
                    body(out, target);
                    found = true;
                } else {
                    out.write(bytes, attributeAt, 6 + length);
                }
            }
        }
        return found;
    }

    private static void body(DataOutputStream out, int target) throws IOException {
        int codeLength = 1 + 3 + 1;
        out.writeInt(12 + codeLength);
        out.writeShort(1);
        out.writeShort(2);
        out.writeInt(codeLength);
        out.writeByte(ILOAD_1);
        out.writeByte(INVOKESTATIC);
        out.writeShort(target);
        out.writeByte(RETURN);
        out.writeShort(0);
        out.writeShort(0);
    }

    /** Fields and methods look alike. */
    private static void skipMembers(ByteBuffer in) {
        int count = Short.toUnsignedInt(in.getShort());
        for (int i = 0; i < count; i++) {
            in.position(in.position() + 6);
            int attributes = Short.toUnsignedInt(in.getShort());
            for (int j = 0; j < attributes; j++) {
                in.position(in.position() + 2);
                int length = in.getInt();
                in.position(in.position() + length);
            }
        }
    }

    private String text(int number) {
        int at = constantsAt[number];
        int length = Short.toUnsignedInt(ByteBuffer.wrap(bytes).getShort(at + 1));
        return new String(bytes, at + 3, length, StandardCharsets.UTF_8);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The address of a socket, {@code struct sockaddr} of its family; none when it is empty.
 *
 * @param bytes as getsockname(2) gave it
 */
public record SocketAddress(NativeText bytes) {

    /** {@code AF_UNIX}. */
    public static final int UNIX = 1;

    /** {@code AF_INET}. */
    public static final int INET = 2;

    /** {@code AF_INET6}. */
    public static final int INET6 = 10;

    /** No address. */
    public static final SocketAddress NONE = new SocketAddress(NativeText.EMPTY);

    private static final int FAMILY_BYTES = 2;
    private static final int INET_BYTES = 16;
    private static final int INET6_BYTES = 28;
    private static final int UNIX_BYTES = 110;
    private static final int INET_HOST = 4;
    private static final int INET6_HOST = 8;

    public SocketAddress {
        if (!bytes.isEmpty()) {
            int length = bytes.length();
            Checks.check(length > FAMILY_BYTES, "length of a socket's address", length);
            byte[] raw = bytes.bytes();
            int family = Byte.toUnsignedInt(raw[0]) | Byte.toUnsignedInt(raw[1]) << Byte.SIZE;
            boolean valid = (family == UNIX && length <= UNIX_BYTES)
                    || (family == INET && length == INET_BYTES)
                    || (family == INET6 && length == INET6_BYTES);
            Checks.check(valid, "family of a socket's address", family);
        }
    }

    /** Returns whether there is none. */
    public boolean isEmpty() {
        return bytes.isEmpty();
    }

    /** Returns {@code AF_*}, 0 for none. */
    public int family() {
        return isEmpty() ? 0 : bytes.bytes()[0];
    }

    /** Returns whether it has a port. */
    public boolean isInternet() {
        return family() == INET || family() == INET6;
    }

    /** Returns the port of an internet address. */
    public int port() {
        byte[] raw = bytes.bytes();
        return Byte.toUnsignedInt(raw[2]) << Byte.SIZE | Byte.toUnsignedInt(raw[3]);
    }

    /** Returns the same internet address with another port. */
    public SocketAddress withPort(int port) {
        byte[] raw = bytes.bytes();
        raw[2] = (byte) (port >>> Byte.SIZE);
        raw[3] = (byte) port;
        return new SocketAddress(NativeText.copyOf(raw));
    }

    /** Returns whether it is a UNIX socket's name that stands in no directory. */
    public boolean isAbstract() {
        return family() == UNIX && bytes.bytes()[FAMILY_BYTES] == 0;
    }

    /** Returns whether it is a UNIX socket's name in a directory. */
    public boolean isPath() {
        return family() == UNIX && !isAbstract();
    }

    /** Returns whether the kernel may have chosen it: such names are five hexadecimal digits (unix(7), autobind). */
    public boolean looksAutomatic() {
        return isAbstract()
                && new String(name(), StandardCharsets.ISO_8859_1).substring(1).matches("[0-9a-f]{5}");
    }

    private byte[] name() {
        return Arrays.copyOfRange(bytes.bytes(), FAMILY_BYTES, bytes.length());
    }

    /** Returns for instance {@code 127.0.0.1:80}, {@code [::]:80}, {@code /run/server} or {@code @name}. */
    @Override
    public String toString() {
        return switch (family()) {
            case INET -> host(INET_HOST, INET_HOST + 4) + ":" + port();
            case INET6 -> "[" + host(INET6_HOST, INET6_HOST + 16) + "]:" + port();
            case UNIX -> isAbstract() ? "@" + text(1) : text(0);
            default -> "";
        };
    }

    /** The bytes of a UNIX name from one of them on; the zeros that pad it are left out. */
    private String text(int from) {
        byte[] name = name();
        int end = name.length;
        while (end > from && name[end - 1] == 0) {
            end--;
        }
        return NativeText.copyOf(Arrays.copyOfRange(name, from, end)).toString().replace('\0', '@');
    }

    private String host(int from, int to) {
        try {
            InetAddress address = InetAddress.getByAddress(Arrays.copyOfRange(bytes.bytes(), from, to));
            String text = address.getHostAddress();
            if (family() == INET6 && address instanceof Inet4Address) {
                return "::ffff:" + text;
            }
            // Java writes 0:0:0:0:0:0:0:1, people write ::1.
            return text.equals("0:0:0:0:0:0:0:0") ? "::" : text.replaceFirst("^(0:){2,}", "::");
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + (to - from) + " bytes", e);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.util.List;

/**
 * System.in, out and err: a tool may read ahead, close or replace them, and the next run finds them as if it were the first one.
 *
 * <p>The objects stay the same wherever that is possible, for tools keep them in places of their own.
 */
final class StandardStreams {
    private static final List<FileDescriptor> DESCRIPTORS =
            List.of(FileDescriptor.in, FileDescriptor.out, FileDescriptor.err);

    private final FileInputStream position = new FileInputStream(FileDescriptor.in);
    private InputStream in = System.in;
    private PrintStream out = System.out;
    private PrintStream err = System.err;
    private boolean closed;

    /** From here on nothing closes the descriptors. */
    void guard() {
        DESCRIPTORS.forEach(descriptor -> setClosed(descriptor, true));
    }

    /** Closing works again, as in any JVM. */
    void unguard() {
        DESCRIPTORS.forEach(descriptor -> setClosed(descriptor, false));
    }

    private static void setClosed(FileDescriptor descriptor, boolean value) {
        Internals.set(Internals.need(FileDescriptor.class, "closed"), descriptor, value);
    }

    /** Whether a run has closed one of them. */
    boolean wereClosed() {
        return closed;
    }

    /** Behind a run: all was written, the input begins anew. */
    void restore() {
        System.out.flush();
        System.err.flush();
        out = open(out, FileDescriptor.out, "stdout.encoding");
        err = open(err, FileDescriptor.err, "stderr.encoding");
        in = reopened(in);
        System.setOut(out);
        System.setErr(err);
        System.setIn(in);
        try {
            position.getChannel().position(0);
        } catch (IOException e) {
            throw new Unprepared("standard input of the warm-up cannot begin anew: " + e.getMessage());
        }
    }

    private PrintStream open(PrintStream stream, FileDescriptor descriptor, String encoding) {
        stream.flush();
        if (!(Boolean) Internals.get(Internals.need(PrintStream.class, "closing"), stream)) {
            return stream;
        }
        closed = true;
        String name = System.getProperty(encoding, System.getProperty("sun." + encoding));
        Method make = Internals.method(System.class, "newPrintStream", OutputStream.class, String.class)
                .or(() -> Internals.method(System.class, "newPrintStream", FileOutputStream.class, String.class))
                .orElseThrow(() -> new Unprepared("this JDK has no System.newPrintStream"));
        return (PrintStream) Internals.call(make, null, new FileOutputStream(descriptor), name);
    }

    /** What was read ahead is forgotten. */
    private InputStream reopened(InputStream stream) {
        if (!(stream instanceof BufferedInputStream)) {
            return stream;
        }
        if (Internals.get(Internals.need(BufferedInputStream.class, "buf"), stream) == null) {
            closed = true;
            return new BufferedInputStream(new FileInputStream(FileDescriptor.in));
        }
        Internals.set(Internals.need(BufferedInputStream.class, "count"), stream, 0);
        Internals.set(Internals.need(BufferedInputStream.class, "pos"), stream, 0);
        Internals.set(Internals.need(BufferedInputStream.class, "markpos"), stream, -1);
        return stream;
    }
}

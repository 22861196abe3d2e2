// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;

/** Stands between client and server and spoils what the server says, from a place on that an entry never reaches. */
final class BreakingProxy implements AutoCloseable {

    /** Bytes of one connection that go through unharmed: an entry with its answer's head is shorter. */
    static final int UNHARMED_BYTES = 20_000;

    enum Fault {
        /** One bit of one byte is another. */
        FLIP,
        /** The connection ends in order. */
        CUT
    }

    private final ServerSocket socket;
    private final int target;
    private final Fault fault;

    private BreakingProxy(ServerSocket socket, int target, Fault fault) {
        this.socket = socket;
        this.target = target;
        this.fault = fault;
    }

    static BreakingProxy start(int target, Fault fault) throws IOException {
        BreakingProxy proxy =
                new BreakingProxy(new ServerSocket(0, 10, InetAddress.getLoopbackAddress()), target, fault);
        daemon(proxy::accept);
        return proxy;
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/undump");
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "breaking-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = socket.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                daemon(() -> pump(client, server, false));
                daemon(() -> pump(server, client, true));
            }
        } catch (IOException e) {
            // Closed: the test is over.
            return;
        }
    }

    private void pump(Socket from, Socket to, boolean spoiled) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] piece = new byte[8192];
            long passed = 0;
            for (int count; (count = in.read(piece)) >= 0; passed += count) {
                long place = UNHARMED_BYTES - passed;
                boolean here = spoiled && place >= 0 && place < count;
                if (here && fault == Fault.CUT) {
                    out.write(piece, 0, (int) place);
                    return;
                }
                if (here) {
                    piece[(int) place] ^= 0x10;
                }
                out.write(piece, 0, count);
            }
        } catch (IOException e) {
            // One of the two has gone, which is the end of both.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

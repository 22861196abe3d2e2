// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The helper's end of the talk with the tracer, beside.h in native-stub. */
final class Channel {

    /** What the tracer says last. */
    enum Answer {
        CAPTURED,
        FAILED,
        ENDED
    }

    /**
     * An answer.
     *
     * @param text of CAPTURED the file, of FAILED the reason
     */
    record Message(Answer answer, String text) {}

    private static final String CAPTURED = "captured ";
    private static final String FAILED = "failed ";
    private static final String ENDED = "ended";
    private static final byte[] ASK = "capture\n".getBytes(StandardCharsets.US_ASCII);

    private final OutputStream out;
    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();

    Channel(InputStream in, OutputStream out) {
        this.out = out;
        Thread reader = new Thread(() -> read(in), "tracer");
        reader.setDaemon(true);
        reader.start();
    }

    /** Asks for the capture. */
    void ask() throws IOException {
        out.write(ASK);
        out.flush();
    }

    /** Waits for an answer, for a while. */
    Optional<Message> await(long milliseconds) {
        try {
            return Optional.ofNullable(messages.poll(milliseconds, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the main thread", e);
        }
    }

    /** A tracer that is gone has nothing more to say: the program goes on without us, or has ended. */
    private void read(InputStream in) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.startsWith(CAPTURED)) {
                    messages.add(new Message(Answer.CAPTURED, line.substring(CAPTURED.length())));
                } else if (line.startsWith(FAILED)) {
                    messages.add(new Message(Answer.FAILED, line.substring(FAILED.length())));
                } else if (line.equals(ENDED)) {
                    break;
                }
            }
        } catch (IOException e) {
            // As its end.
        }
        messages.add(new Message(Answer.ENDED, ""));
    }
}

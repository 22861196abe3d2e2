// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * The right to capture for a key, on all machines that share the store. It lasts as long as its process lives; for machines that cannot see
 * that process, as long as it beats, which a thread of this object sees to until it is closed or the process becomes another program.
 *
 * <p>A claim saves work and protects nothing: two captures for one key do no harm, and the later one is what is found.
 */
public final class Claim implements Closeable {

    static final long BEAT_MILLIS = 30_000;

    private final Digest key;
    private final ClaimText text;
    private final Claims claims;
    private final FileChannel beats;
    private final Thread heart;

    Claim(Digest key, ClaimText text, Claims claims) throws IOException {
        this.key = key;
        this.text = text;
        this.claims = claims;
        // By descriptor, so that never another's claim is touched that stands under the same name.
        this.beats = FileChannel.open(claims.path(key), StandardOpenOption.WRITE);
        this.heart = new Thread(this::beatOn, "undump-claim");
        this.heart.setDaemon(true);
        this.heart.start();
    }

    /** Returns what is claimed. */
    public Digest key() {
        return key;
    }

    /**
     * Returns one word by which another process can take the claim over with {@link LocalStore#adopt}, as long as this process lives, also
     * when it has become another program meanwhile.
     */
    public String token() {
        return text.nonce();
    }

    /** Gives the claim back, so that others may claim the key; not when another process has adopted it. */
    @Override
    public void close() throws IOException {
        stop();
        claims.release(key, text);
    }

    /** Stops beating and leaves the claim to whoever adopts it. */
    public void leave() throws IOException {
        stop();
    }

    private void stop() throws IOException {
        heart.interrupt();
        beats.close();
    }

    /** A write moves the file's time by the clock of its server, which is the same for all machines. */
    private void beatOn() {
        try {
            while (beats.isOpen()) {
                Thread.sleep(BEAT_MILLIS);
                beats.write(ByteBuffer.wrap(text.firstByte()), 0);
            }
        } catch (InterruptedException | IOException e) {
            // Closed, or the store is gone: then the claim grows old by itself.
        }
    }
}

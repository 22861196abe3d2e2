// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.io.IOException;

/** A remote cache could not be used. The message is one line: where, what was found, what to do, what happens now. */
public final class RemoteFailure extends IOException {

    private static final long serialVersionUID = 1;

    /** What kind of fault it is, and whether the server is left alone for a while after it. */
    public enum Kind {
        /** The settings cannot work. */
        CONFIGURATION(false),
        /** No connection, or one that broke. */
        UNREACHABLE(true),
        /** Too slow, or silent. */
        STALLED(true),
        /** The server's certificate is not accepted, or ours is not. */
        TLS(true),
        /** 401 or 403. */
        UNAUTHORIZED(false),
        /** 413: the server's limit on sizes. */
        TOO_LARGE(false),
        /** 5xx or 429. */
        SERVER(true),
        /** Any other answer that is none, such as 405. */
        REFUSED(false),
        /** To another host. */
        REDIRECTED(false),
        /** What came is not what was stored. */
        DAMAGED(false),
        /** Keys are trusted and none of them has signed the image. */
        UNTRUSTED(false),
        /** This machine: the disk, the image, an interruption. */
        LOCAL(false),
        /** The server is being left alone since it failed before. Was reported then: worth a line only when asked for. */
        CIRCUIT_OPEN(false);

        private final boolean opensCircuit;

        Kind(boolean opensCircuit) {
            this.opensCircuit = opensCircuit;
        }

        boolean opensCircuit() {
            return opensCircuit;
        }
    }

    private final Kind kind;
    private final String problem;
    private final String consequence;

    RemoteFailure(Kind kind, String problem, String consequence, Throwable cause) {
        super(problem + "; " + consequence, cause);
        this.kind = kind;
        this.problem = problem;
        this.consequence = consequence;
    }

    /** Returns what kind of fault it is. */
    public Kind kind() {
        return kind;
    }

    /** Returns the message without what happens now. */
    public String problem() {
        return problem;
    }

    RemoteFailure and(String furtherConsequence) {
        return new RemoteFailure(kind, problem, consequence + ", " + furtherConsequence, getCause());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** How the server knows us. Never shows its secret. */
public sealed interface Credentials {

    /** Returns the value of the Authorization header, if one is sent. */
    Optional<String> header();

    /** No header; a client certificate may still tell who we are. */
    record None() implements Credentials {
        @Override
        public Optional<String> header() {
            return Optional.empty();
        }
    }

    /** HTTP Basic, RFC 7617, in UTF-8. */
    record Basic(String user, String password) implements Credentials {
        @Override
        public Optional<String> header() {
            byte[] text = (user + ':' + password).getBytes(StandardCharsets.UTF_8);
            return Optional.of("Basic " + Base64.getEncoder().encodeToString(text));
        }

        @Override
        public String toString() {
            return "user " + user;
        }
    }

    /** Bearer token, RFC 6750. */
    record Bearer(String token) implements Credentials {
        @Override
        public Optional<String> header() {
            return Optional.of("Bearer " + token);
        }

        @Override
        public String toString() {
            return "a token";
        }
    }
}

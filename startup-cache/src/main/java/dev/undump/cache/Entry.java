// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * An image that a store has under a key.
 *
 * @param key of which it is the image
 * @param image digest of its bytes
 * @param sizeBytes of the image
 * @param created when it was published, by the clock of the machine that did
 * @param lastUsed when it was last used, by the clock of the machine that did
 * @param command its command line, for people
 * @param cold what each use saves
 * @param signature over key and image; empty when it was not signed
 */
public record Entry(
        Digest key,
        Digest image,
        long sizeBytes,
        Instant created,
        Instant lastUsed,
        String command,
        Duration cold,
        Optional<byte[]> signature) {}

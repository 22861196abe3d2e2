// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.time.Duration;
import java.util.Optional;

/**
 * What is known of an image when it is published.
 *
 * @param command its command line, for people
 * @param cold how long the program took to become warm; what each use saves
 * @param undumpVersion of the undump that made it
 * @param signature over key and image, as {@code dev.undump.cache.remote} makes them; empty when it was not signed
 */
public record EntryFacts(String command, Duration cold, String undumpVersion, Optional<byte[]> signature) {}

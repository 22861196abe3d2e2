// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.time.Duration;
import java.util.Optional;

/**
 * What is known of an image beside its bytes.
 *
 * @param command that it takes the place of, for people
 * @param cold how long that command took without an image
 * @param undumpVersion of the undump that made it
 * @param signature over key and image, if there is one
 */
public record EntryFacts(String command, Duration cold, String undumpVersion, Optional<byte[]> signature) {}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import java.nio.file.Path;

/**
 * An image that was fetched, with every check done.
 *
 * @param file under a temporary name, mode 0700, on the disk; the caller's to move or to delete
 * @param image its SHA-256
 * @param sizeBytes of the file
 * @param transferredBytes that came over the network, compressed
 * @param facts as the server gave them; only the signature is checked, and only where keys are trusted
 */
public record RemoteImage(Path file, Digest image, long sizeBytes, long transferredBytes, EntryFacts facts) {}

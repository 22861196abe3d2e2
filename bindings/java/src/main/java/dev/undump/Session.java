// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A checkpoint that has a name, to go back to.
 *
 * @param name as {@link Options#session} gave it
 * @param checkpoint its file
 * @param image executable made of it; the file is there after {@link Undump#makeImage} or a rollback
 * @param taken when its checkpoint was complete
 * @param sizeBytes of the checkpoint on disk
 */
public record Session(String name, Path checkpoint, Path image, Instant taken, long sizeBytes) {}

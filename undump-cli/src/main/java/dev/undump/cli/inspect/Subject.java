// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is inspected.
 *
 * @param file as the user named it
 * @param sizeBytes of the file
 * @param checkpoint from the checkpoint, or from the summary in the image
 * @param image present if the file is an image
 * @param memory present if the file is a checkpoint
 * @param launchMemory how a launch brings memory back; empty if it cannot
 */
record Subject(
        Path file,
        long sizeBytes,
        Checkpoint checkpoint,
        Optional<ImageSummary> image,
        Optional<CheckpointMemory> memory,
        Optional<LaunchMemory> launchMemory) {}

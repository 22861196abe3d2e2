// SPDX-License-Identifier: Apache-2.0
/**
 * Decides how an image brings a checkpoint back: {@link dev.undump.plan.LayoutPlanner} turns a {@link
 * dev.undump.checkpoint.Checkpoint} into an {@link dev.undump.plan.ImagePlan}, a finished list of steps for the restore
 * stub. Everything that can be computed, searched or refused beforehand is done here; nothing here writes a file.
 */
package dev.undump.plan;

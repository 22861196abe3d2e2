// SPDX-License-Identifier: Apache-2.0
/**
 * Writes images: {@link dev.undump.image.ImageWriter} takes a checkpoint and leaves one ELF executable.
 *
 * <p>Two passes: {@link dev.undump.plan.LayoutPlanner} decides what the image does, {@code ImageGeometry} and {@code
 * PlanTables} decide where everything stands; only then are bytes written. The layout is stated in {@code
 * native-stub/format/image_format.h}.
 */
package dev.undump.image;

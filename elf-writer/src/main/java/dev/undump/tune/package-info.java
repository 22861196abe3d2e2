// SPDX-License-Identifier: Apache-2.0
/**
 * Fits an image to what its program uses first: {@link dev.undump.tune.ImageTuning}. An image goes in and an image comes out; no
 * checkpoint is needed. {@code native-stub/format/image_format.h} tells how a tuned image is laid out.
 */
package dev.undump.tune;

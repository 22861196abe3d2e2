// SPDX-License-Identifier: Apache-2.0
/**
 * Packs checkpoints and images for transport and unpacks them again: {@link dev.undump.pack.Packing}. The format is described in
 * {@code docs/pack-format.md}; {@code PackHeader} and {@code FramePrefix} are its only statement in code.
 */
package dev.undump.pack;

// SPDX-License-Identifier: Apache-2.0
/**
 * For programs that ask for their own checkpoint; {@link dev.undump.Undump} is the face. Methods throw
 * {@link dev.undump.UndumpException} where undump.h has a negative errno, with the same number and the same sentence.
 */
package dev.undump;

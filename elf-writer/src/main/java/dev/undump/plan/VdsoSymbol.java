// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;

/**
 * A function of the captured vdso, {@code struct image_vdso_symbol}.
 *
 * @param name such as {@code __vdso_clock_gettime}
 * @param offset bytes from the start of the vdso
 * @param systemCall number of the call that does the same
 * @param roomBytes up to the next function
 */
public record VdsoSymbol(NativeText name, long offset, int systemCall, int roomBytes) {}

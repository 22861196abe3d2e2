// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Bytes;
import java.util.List;

/**
 * The captured vdso, so that the stub can compare it with the running kernel's and bridge the two.
 *
 * @param address where the program expects it; 0: it had none
 * @param copy its bytes; empty when there was none
 * @param symbols its functions by offset
 * @param forceTrampolines bridge even where both are the same
 */
public record VdsoPlan(long address, Bytes copy, List<VdsoSymbol> symbols, boolean forceTrampolines) {

    /** Of a program without vdso. */
    public static final VdsoPlan NONE = new VdsoPlan(0, Bytes.EMPTY, List.of(), false);

    public VdsoPlan {
        symbols = List.copyOf(symbols);
    }
}

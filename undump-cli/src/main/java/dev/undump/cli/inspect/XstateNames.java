// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import java.util.ArrayList;
import java.util.List;

/** Names of the parts of a processor's extended state, Intel SDM volume 1, 13.1. */
final class XstateNames {

    private static final List<String> BY_BIT = List.of(
            "x87", "sse", "avx", "bndregs", "bndcsr", "opmask", "zmm_hi256", "hi16_zmm", "pt", "pkru", "pasid", "cet_u", "cet_s",
            "hdc", "uintr", "lbr", "hwp", "amx_cfg", "amx_data", "apx");

    private XstateNames() {}

    static List<String> list(long xcr0) {
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((xcr0 >>> bit & 1) != 0) {
                names.add(bit < BY_BIT.size() ? BY_BIT.get(bit) : "bit" + bit);
            }
        }
        return names;
    }
}

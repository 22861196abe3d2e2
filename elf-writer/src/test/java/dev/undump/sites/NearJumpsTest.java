// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class NearJumpsTest {

    /** nop; je +2; nop; jmp -4. */
    private static final byte[] CODE = HexFormat.of().parseHex("90740290ebfc");

    @Test
    void jumps_areFoundWithTargetAndEnd() {
        assertThat(NearJumps.all(CODE, 0x1000))
                .contains(new NearJumps.Jump(0x1005, 0x1003), new NearJumps.Jump(0x1002, 0x1006));
    }

    @Test
    void mayLeadTo_forward_isTrue() {
        assertThat(NearJumps.mayLeadTo(CODE, 0x1000, 0x1005)).isTrue();
    }

    @Test
    void mayLeadTo_backward_isTrue() {
        assertThat(NearJumps.mayLeadTo(CODE, 0x1000, 0x1002)).isTrue();
    }

    @Test
    void mayLeadTo_elsewhere_isFalse() {
        assertThat(NearJumps.mayLeadTo(CODE, 0x1000, 0x1004)).isFalse();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SignalNamesTest {

    @Test
    void of_edges_haveTheirNames() {
        assertThat(SignalNames.of(1)).isEqualTo("HUP");
        assertThat(SignalNames.of(9)).isEqualTo("KILL");
        assertThat(SignalNames.of(17)).isEqualTo("CHLD");
        assertThat(SignalNames.of(31)).isEqualTo("SYS");
        assertThat(SignalNames.of(33)).isEqualTo("SIG33");
        assertThat(SignalNames.of(34)).isEqualTo("RTMIN");
        assertThat(SignalNames.of(64)).isEqualTo("RTMIN+30");
    }

    @Test
    void set_smallAndLarge_isShort() {
        assertThat(SignalNames.set(0)).isEqualTo("none");
        assertThat(SignalNames.set(1L << 9 | 1L << 14)).isEqualTo("USR1 TERM");
        assertThat(SignalNames.set(~(1L << 8 | 1L << 18))).isEqualTo("all but KILL STOP");
        assertThat(SignalNames.set(-1)).isEqualTo("all");
    }
}

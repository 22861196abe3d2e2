// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.NativeText;
import org.junit.jupiter.api.Test;

class UndumpCommandTest {

    @Test
    void defaultName_ordinaryName_isPrefixed() {
        assertThat(UndumpCommand.defaultName(NativeText.of("python3.11"))).isEqualTo("fast-python3.11");
    }

    @Test
    void defaultName_hostileName_staysInTheDirectory() {
        assertThat(UndumpCommand.defaultName(NativeText.of("../../x y\n"))).isEqualTo("fast-.._.._x_y_");
    }

    @Test
    void defaultName_noName_isApp() {
        assertThat(UndumpCommand.defaultName(NativeText.EMPTY)).isEqualTo("fast-app");
    }
}

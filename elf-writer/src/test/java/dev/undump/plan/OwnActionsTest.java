// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.SignalAction;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What execve leaves of a signal's action, and what programs choose. */
class OwnActionsTest {

    private static final long SA_RESTORER = 0x04000000;

    @Test
    void of_ignoredSinceItsStart_isLeftOut() {
        SignalAction inherited = new SignalAction(2, 1, 0, 0, 0);
        SignalAction handled = new SignalAction(10, 0x401000, SA_RESTORER, 0x402000, 0);
        assertThat(OwnActions.of(List.of(inherited, handled))).containsExactly(handled);
    }

    @Test
    void of_ignoredByTheProgram_stays() {
        List<SignalAction> chosen = List.of(
                new SignalAction(2, 1, SA_RESTORER, 0x402000, 0),
                new SignalAction(13, 1, 0, 0, 1 << 12),
                new SignalAction(15, 1, 0x10000000, 0, 0),
                new SignalAction(17, 0, 2, 0, 0));
        assertThat(OwnActions.of(chosen)).isEqualTo(chosen);
    }
}

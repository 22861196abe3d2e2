// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class InterruptionTest {

    @Test
    void check_nothingRequested_returns() {
        assertThatCode(new Interruption()::check).doesNotThrowAnyException();
    }

    @Test
    void request_duringWork_waitsUntilTheWorkHasUnwound() throws InterruptedException {
        Interruption interruption = new Interruption();
        Thread hook = new Thread(interruption::request);

        hook.start();
        while (hook.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertThatThrownBy(interruption::check).isInstanceOf(CancellationException.class);
        assertThat(hook.isAlive()).isTrue();
        interruption.finished();
        hook.join();

        assertThat(hook.isAlive()).isFalse();
    }

    @Test
    void request_afterWork_returnsAtOnce() {
        Interruption interruption = new Interruption();
        interruption.finished();

        interruption.request();

        assertThatThrownBy(interruption::check).isInstanceOf(CancellationException.class);
    }
}

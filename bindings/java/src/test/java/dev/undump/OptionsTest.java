// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OptionsTest {
    @AfterEach
    void forget() {
        Stream.of("checkpoint", "session", "continue", "cow", "resume", "allow").forEach(name -> System.clearProperty("undump." + name));
    }

    @Test
    void fromProperties_none_endsTheProcess() {
        assertThat(Options.fromProperties()).isEqualTo(Options.defaults().withEnd(true));
    }

    @Test
    void fromProperties_all() {
        Map.of("checkpoint", "a b.ckpt", "session", "one", "continue", "", "cow", "true", "resume", "true", "allow", "file-lock,tcp-closed")
                .forEach((name, value) -> System.setProperty("undump." + name, value));

        assertThat(Options.fromProperties())
                .isEqualTo(Options.defaults()
                        .withCheckpoint(Path.of("a b.ckpt"))
                        .withSession("one")
                        .withCow(true)
                        .withResume(true)
                        .withAllow(List.of("file-lock", "tcp-closed")));
    }

    @Test
    void launch_doesNotShowItsNonce_norGiveItAway() {
        byte[] nonce = {1, 2, 3};
        Launch launch = new Launch("tool", List.of("a"), Map.of(), java.util.Optional.empty(), 2, nonce);
        nonce[0] = 9;
        launch.nonce()[1] = 9;

        assertThat(launch.nonce()).containsExactly(1, 2, 3);
        assertThat(launch).hasToString("launch 2 of tool [a]");
    }
}

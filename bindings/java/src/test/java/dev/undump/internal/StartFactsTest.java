// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StartFactsTest {
    @Test
    void renewEnvironment_getenvGivesTheNewOne_andOnlyThat() {
        Map<String, String> old = new LinkedHashMap<>(System.getenv());
        assertThat(old).isNotEmpty();
        StartFacts facts = StartFacts.find();
        try {
            assertThat(facts.renewEnvironment(Map.of("UNDUMP_TEST_A", "value = ä", "=hidden", "x"))).isEmpty();
            assertThat(System.getenv()).isEqualTo(Map.of("UNDUMP_TEST_A", "value = ä"));
            assertThat(System.getenv("UNDUMP_TEST_A")).isEqualTo("value = ä");
            assertThat(new ProcessBuilder().environment()).isEqualTo(System.getenv());
        } finally {
            facts.renewEnvironment(old);
        }
        assertThat(System.getenv()).isEqualTo(old);
    }

    @Test
    void renewDirectory_relativePathsAreInTheNewOne() {
        Path old = Path.of("").toAbsolutePath();
        StartFacts facts = StartFacts.find();
        try {
            assertThat(facts.renewDirectory(Path.of("/proc/self"))).isEmpty();
            assertThat(Path.of("status").toAbsolutePath()).hasToString("/proc/self/status");
            assertThat(new File("status").getAbsolutePath()).isEqualTo("/proc/self/status");
            assertThat(System.getProperty("user.dir")).isEqualTo("/proc/self");
        } finally {
            facts.renewDirectory(old);
        }
        assertThat(Path.of("").toAbsolutePath()).isEqualTo(old);
    }

    @Test
    void renewProcess_currentProcessIsTheOneOfProc() {
        ProcessHandle before = ProcessHandle.current();
        assertThat(StartFacts.find().renewProcess()).isEmpty();
        assertThat(ProcessHandle.current().pid()).isEqualTo(ProcessHandle.of(before.pid()).orElseThrow().pid());
        assertThat(ProcessHandle.current().isAlive()).isTrue();
    }
}

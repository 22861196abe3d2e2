// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CircuitBreakerTest {

    @TempDir
    Path folder;

    private final SetClock clock = new SetClock();

    private static final class SetClock extends Clock {

        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    private CircuitBreaker breaker() {
        return new CircuitBreaker(folder.resolve("remote"), "http://cache.example.org/undump", clock);
    }

    @Test
    void check_serverThatNeverFailed_isOpenToAll() {
        assertThat(breaker().check()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void failed_inARow_doublesThePauseUpToSixteenMinutes() {
        long[] minutes = {1, 2, 4, 8, 16, 16, 16};
        for (long expected : minutes) {
            assertThat(breaker().failed("it broke")).isEqualTo(Duration.ofMinutes(expected));
            CircuitBreaker.Open open = breaker().check().orElseThrow();
            assertThat(open.reason()).isEqualTo("it broke");
            assertThat(open.until()).isEqualTo(clock.now.plus(Duration.ofMinutes(expected)));
            clock.now = open.until();
        }
    }

    @Test
    void check_afterThePause_letsOneProcessTry() {
        breaker().failed("it broke");
        clock.now = clock.now.plus(CircuitBreaker.FIRST_PAUSE);

        assertThat(breaker().check()).isEmpty();
        assertThat(breaker().check()).isPresent();

        breaker().worked();
        assertThat(breaker().check()).isEmpty();
        assertThat(breaker().failed("again")).isEqualTo(CircuitBreaker.FIRST_PAUSE);
    }

    @Test
    void check_clockThatWasSetBack_doesNotCloseTheWayForLong() {
        breaker().failed("it broke");
        clock.now = clock.now.minus(Duration.ofDays(300));

        assertThat(breaker().check()).isEmpty();
    }

    @Test
    void otherServers_areNotHeldBack() {
        breaker().failed("it broke");

        assertThat(new CircuitBreaker(folder.resolve("remote"), "http://other/", clock).check()).isEmpty();
    }

    @Test
    void damagedState_countsAsNone() throws IOException {
        breaker().failed("it broke");
        try (Stream<Path> files = Files.list(folder.resolve("remote"))) {
            List<Path> state = files.toList();
            assertThat(state).hasSize(1);
            for (String text : List.of("", "failures=x", "failures=-1\nuntil=9", "\\u12")) {
                Files.writeString(state.get(0), text);
                assertThat(breaker().check()).as(text).isEmpty();
            }
        }
    }

    @Test
    void failed_folderThatCannotBeMade_isNoFailureOfItsOwn() throws IOException {
        Files.writeString(folder.resolve("remote"), "a file in the way");

        breaker().failed("it broke");

        assertThat(breaker().check()).isEmpty();
        assertThat(folder.resolve("remote")).hasContent("a file in the way");
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.security.Security;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A launch is played: the same objects, another nonce. */
class SeedsTest {
    /** In this order, for each draw moves what the next one starts from. */
    private static Map<String, Object> draw() {
        Map<String, Object> drawn = new LinkedHashMap<>();
        drawn.put("ThreadLocalRandom", ThreadLocalRandom.current().nextLong());
        drawn.put("Math.random", Math.random());
        drawn.put("StrictMath.random", StrictMath.random());
        drawn.put("SplittableRandom", new SplittableRandom().nextLong());
        RandomGenerator.of("L64X128MixRandom");
        drawn.put("L64X128MixRandom", RandomGenerator.of("L64X128MixRandom").nextLong());
        drawn.put("Xoshiro256PlusPlus", RandomGenerator.of("Xoshiro256PlusPlus").nextLong());
        List<Integer> numbers = new ArrayList<>(IntStream.range(0, 100).boxed().toList());
        Collections.shuffle(numbers);
        drawn.put("shuffle", numbers);
        return drawn;
    }

    private static byte[] nonce(int number) {
        byte[] nonce = new byte[32];
        Arrays.fill(nonce, (byte) number);
        return nonce;
    }

    @Test
    void renew_sameNonce_sameNumbers_anotherNonce_noneOfThem() {
        draw();
        Seeds seeds = Seeds.find();

        assertThat(seeds.renew(new SeedStream(nonce(1)))).isEmpty();
        Map<String, Object> first = draw();
        seeds.renew(new SeedStream(nonce(1)));
        Map<String, Object> again = draw();
        seeds.renew(new SeedStream(nonce(2)));
        Map<String, Object> other = draw();

        // That they are the same shows that nothing but the nonce decides.
        assertThat(again).isEqualTo(first);
        first.forEach((what, value) -> assertThat(other.get(what)).as(what).isNotEqualTo(value));
    }

    @Test
    void renew_anotherThread_getsItsOwnSeed() throws Exception {
        List<Long> drawn = Collections.synchronizedList(new ArrayList<>());
        java.util.concurrent.SynchronousQueue<Boolean> turns = new java.util.concurrent.SynchronousQueue<>();
        Thread other = new Thread(() -> {
            try {
                while (turns.take()) {
                    drawn.add(ThreadLocalRandom.current().nextLong());
                    turns.put(true);
                }
            } catch (InterruptedException e) {
                drawn.clear();
            }
        });
        other.start();
        turns.put(true);
        turns.take();
        Seeds seeds = Seeds.find();
        for (int i : List.of(1, 1, 2)) {
            seeds.renew(new SeedStream(nonce(i)));
            turns.put(true);
            turns.take();
        }
        turns.put(false);
        other.join();

        assertThat(drawn).hasSize(4);
        assertThat(drawn.get(2)).isEqualTo(drawn.get(1));
        assertThat(drawn.get(3)).isNotEqualTo(drawn.get(1));
    }

    @Test
    void renew_randomOfTheProgram_keepsItsSeed() {
        Random chosen = new Random(7);
        SplittableRandom split = new SplittableRandom(7);
        Seeds.find().renew(new SeedStream(nonce(1)));

        assertThat(chosen.nextLong()).isEqualTo(new Random(7).nextLong());
        assertThat(split.nextLong()).isEqualTo(new SplittableRandom(7).nextLong());
    }

    /** Also those that were made by name of the JDK's provider, and before ours was there. */
    @Test
    void renew_secureRandomOfTheJdk_isSeeded() throws Exception {
        SecureRandom random = SecureRandom.getInstance("SHA1PRNG", "SUN");
        SecureRandom twin = SecureRandom.getInstance("SHA1PRNG", "SUN");
        SecureRandom left = SecureRandom.getInstance("SHA1PRNG", "SUN");
        for (SecureRandom one : List.of(random, twin, left)) {
            one.setSeed(7);
        }
        assertThat(random.nextLong()).isEqualTo(twin.nextLong()).isEqualTo(left.nextLong());
        Seeds seeds = Seeds.find();
        seeds.renew(new SeedStream(nonce(1)));

        assertThat(random.nextLong()).isNotEqualTo(twin.nextLong());
        SecureRandom later = SecureRandom.getInstance("SHA1PRNG", "SUN");
        later.setSeed(7);
        later.nextLong();
        assertThat(left.nextLong()).as("not what the seed alone gives").isNotEqualTo(later.nextLong());
    }

    @ParameterizedTest
    @ValueSource(strings = {"SHA1PRNG", "DRBG", "NativePRNG", "NativePRNGBlocking", "NativePRNGNonBlocking"})
    void provider_generator_isOurs_andTakesFreshBytesAfterALaunch(String algorithm) throws Exception {
        assertThat(RandomProvider.install()).isTrue();
        SecureRandom random = SecureRandom.getInstance(algorithm);
        assertThat(random.getProvider().getName()).isEqualTo("Undump");
        assertThat(random.getAlgorithm()).isEqualTo(algorithm);
        assertThat(random.generateSeed(5)).hasSize(5);
        if (algorithm.equals("SHA1PRNG")) {
            // Seeded before its first use it gives what the JDK's gives, as long as there is no launch.
            random.setSeed(7);
            SecureRandom twin = SecureRandom.getInstance(algorithm, "SUN");
            twin.setSeed(7);
            assertThat(random.nextLong()).isEqualTo(twin.nextLong());
            LaunchEpoch.next();
            assertThat(random.nextLong()).isNotEqualTo(twin.nextLong());
        } else {
            LaunchEpoch.next();
            assertThat(random.nextLong()).isNotEqualTo(random.nextLong());
        }
    }

    @Test
    void provider_defaultGenerator_staysTheJdks() {
        assertThat(RandomProvider.install()).isTrue();
        assertThat(RandomProvider.install()).isTrue();

        assertThat(new SecureRandom().getAlgorithm()).isEqualTo("NativePRNG");
        assertThat(new SecureRandom().getProvider().getName()).isEqualTo("Undump");
        assertThat(Security.getProviders()).filteredOn(provider -> provider.getName().equals("Undump")).hasSize(1);
    }

    @Test
    void epoch_zeroedPage_isAnotherLaunch() {
        int before = LaunchEpoch.current();
        assertThat(LaunchEpoch.current()).isEqualTo(before);
        LaunchEpoch.wipeForTest();
        assertThat(LaunchEpoch.current()).isEqualTo(before + 1);
        assertThat(LaunchEpoch.current()).isEqualTo(before + 1);
    }
}

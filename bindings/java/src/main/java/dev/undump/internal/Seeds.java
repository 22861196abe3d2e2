// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.lang.ref.WeakReference;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * The random numbers of this JVM that nobody chose a seed for: all of them go other ways in every launch. Found before the
 * checkpoint; a launch only writes. Objects that the program made with {@code new Random(seed)}, or with {@code new Random()}, which leaves the
 * same behind, keep their state.
 */
final class Seeds {
    /** Where generators that are made without a seed get theirs. */
    private final List<AtomicLong> counters = new ArrayList<>();
    /** Math.random, Collections.shuffle. */
    private final List<Random> shared = new ArrayList<>();
    /** Each has a generator of ThreadLocalRandom. */
    private final List<WeakReference<Thread>> threads = new ArrayList<>();

    private final List<WeakReference<SecureRandom>> secure = new ArrayList<>();

    private Seeds() {}

    static Seeds find() {
        Seeds seeds = new Seeds();
        seeds.findCounters();
        seeds.findShared();
        findAll(Thread.class, seeds.threads);
        findAll(SecureRandom.class, seeds.secure);
        return seeds;
    }

    private void findCounters() {
        String counter = "Ljava/util/concurrent/atomic/AtomicLong;";
        addCounter("java.util.concurrent.ThreadLocalRandom", "seeder", counter);
        addCounter("java.util.Random", "seedUniquifier", counter);
        addCounter("java.util.SplittableRandom", "defaultGen", counter);
        // RandomGenerator: in module jdk.random of JDK 17, in java.base of newer ones.
        for (String place : List.of("jdk.random.", "jdk.internal.random.")) {
            Stream.of("L128X1024MixRandom", "L128X128MixRandom", "L128X256MixRandom", "L32X64MixRandom", "L64X1024MixRandom",
                            "L64X128MixRandom", "L64X128StarStarRandom", "L64X256MixRandom", "Xoroshiro128PlusPlus")
                    .forEach(name -> addCounter(place + name, "defaultGen", counter));
            addCounter(place + "Xoshiro256PlusPlus", "DEFAULT_GEN", counter);
        }
    }

    private void addCounter(String owner, String field, String signature) {
        if (JdkFields.ofStatic(owner, field, signature) instanceof AtomicLong found) {
            counters.add(found);
        }
    }

    private void findShared() {
        String random = "Ljava/util/Random;";
        for (String owner : List.of("java.lang.Math$RandomNumberGeneratorHolder", "java.lang.StrictMath$RandomNumberGeneratorHolder")) {
            if (JdkFields.ofStatic(owner, "randomNumberGenerator", random) instanceof Random found) {
                shared.add(found);
            }
        }
        // Null until the first shuffle.
        if (JdkFields.ofStatic("java.util.Collections", "r", random) instanceof Random found) {
            shared.add(found);
        }
    }

    private static <T> void findAll(Class<T> wanted, List<WeakReference<T>> found) {
        Object[] instances = Native.instances(wanted);
        for (Object one : instances == null ? new Object[0] : instances) {
            found.add(new WeakReference<>(wanted.cast(one)));
        }
    }

    /**
     * Seeds all of them.
     *
     * @return what a generator that is not the JDK's threw
     */
    List<Throwable> renew(SeedStream fresh) {
        LaunchEpoch.next();
        counters.forEach(counter -> counter.set(fresh.nextLong()));
        shared.forEach(random -> random.setSeed(fresh.nextLong()));
        for (WeakReference<Thread> reference : threads) {
            Thread thread = reference.get();
            if (thread != null) {
                Native.setInstanceLong(thread, Thread.class, "threadLocalRandomSeed", fresh.nextLong());
            }
        }
        return renewSecure(fresh);
    }

    private List<Throwable> renewSecure(SeedStream fresh) {
        List<Throwable> failures = new ArrayList<>();
        Set<String> done = new HashSet<>();
        for (WeakReference<SecureRandom> reference : secure) {
            SecureRandom random = reference.get();
            // All of the JDK's native generators of one name are one inside.
            if (random == null || isNative(random) && !done.add(random.getAlgorithm())) {
                continue;
            }
            try {
                random.setSeed(fresh.next());
            } catch (RuntimeException e) {
                failures.add(new IllegalStateException("seeding " + random.getClass().getName() + " of "
                        + random.getProvider() + ": " + e, e));
            }
        }
        return failures;
    }

    private static boolean isNative(SecureRandom random) {
        return random.getAlgorithm().regionMatches(true, 0, "NativePRNG", 0, 10) && random.getProvider() != null
                && random.getProvider().getName().equals(RandomProvider.JDK);
    }
}

// SPDX-License-Identifier: Apache-2.0

import dev.undump.Options;
import dev.undump.Undump;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Draws random numbers of every kind, is captured, and prints what it draws then, one kind in a line: two launches must print nothing that
 * is alike but what begins with "same". With "wait" it is captured from outside, else it asks for its checkpoint.
 */
public final class RandomLaunches {
    private final Map<String, Callable<Object>> kinds = new LinkedHashMap<>();
    private final ExecutorService otherThread = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        return thread;
    });

    private RandomLaunches() throws Exception {
        for (String algorithm : List.of("NativePRNG", "NativePRNGBlocking", "NativePRNGNonBlocking", "SHA1PRNG", "DRBG")) {
            secure(algorithm, SecureRandom.getInstance(algorithm));
        }
        SecureRandom seeded = SecureRandom.getInstance("SHA1PRNG");
        seeded.setSeed(1);
        secure("SHA1PRNG-seeded", seeded);
        secure("default", new SecureRandom());
        secure("strong", SecureRandom.getInstanceStrong());
        kinds.put("UUID", UUID::randomUUID);
        // What comes after this is renewed by a launch that the program asked for, not by one that it knows nothing of.
    }

    private void ofJavaUtil() throws Exception {
        secure("SHA1PRNG-of-SUN", SecureRandom.getInstance("SHA1PRNG", "SUN"));
        secure("DRBG-of-SUN", SecureRandom.getInstance("DRBG", "SUN"));
        kinds.put("Math.random", Math::random);
        kinds.put("StrictMath.random", StrictMath::random);
        kinds.put("ThreadLocalRandom", () -> ThreadLocalRandom.current().nextLong());
        kinds.put("ThreadLocalRandom-of-another", () -> otherThread.submit(() -> ThreadLocalRandom.current().nextLong()).get());
        kinds.put("new-Random", () -> new Random().nextLong());
        kinds.put("new-SplittableRandom", () -> new SplittableRandom().nextLong());
        kinds.put("new-L64X128MixRandom", () -> RandomGenerator.of("L64X128MixRandom").nextLong());
        kinds.put("new-Xoshiro256PlusPlus", () -> RandomGenerator.of("Xoshiro256PlusPlus").nextLong());
        kinds.put("shuffle", () -> {
            List<Integer> numbers = new ArrayList<>(IntStream.range(0, 50).boxed().toList());
            Collections.shuffle(numbers);
            return numbers.toString().replace(" ", "");
        });
        Random chosen = new Random(1);
        kinds.put("same-Random", chosen::nextLong);
        SplittableRandom split = new SplittableRandom(1);
        kinds.put("same-SplittableRandom", split::nextLong);
    }

    private void secure(String name, SecureRandom random) {
        kinds.put(name, random::nextLong);
    }

    private String draw() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (Map.Entry<String, Callable<Object>> kind : kinds.entrySet()) {
            lines.append(kind.getKey()).append(' ').append(kind.getValue().call()).append('\n');
        }
        return lines.toString();
    }

    public static void main(String[] arguments) throws Exception {
        RandomLaunches program = new RandomLaunches();
        boolean waits = arguments[0].equals("wait");
        if (!waits) {
            program.ofJavaUtil();
        }
        program.draw();
        if (waits) {
            System.out.println("READY");
            if (System.in.read() != '\n') {
                throw new IllegalStateException("nobody said go on");
            }
        } else {
            Undump.checkpoint(Options.fromProperties());
        }
        System.out.print(program.draw());
        System.out.println("PASS");
        program.otherThread.shutdown();
    }
}

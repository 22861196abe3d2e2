// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;

/** A process that uses a store, for tests: {@code StoreRacer MODE FOLDER …}; says READY, and goes on at each line from its input. */
public final class StoreRacer {

    static final int IMAGE_BYTES = 50_000;

    private StoreRacer() {}

    public static void main(String[] arguments) throws IOException {
        LocalStore store = LocalStore.open(Path.of(arguments[1]), Clock.systemUTC(), warning -> System.out.println("WARNING " + warning));
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        say("READY");
        if (input.readLine() == null) {
            return;
        }
        switch (arguments[0]) {
            case "claim" -> claim(store, arguments[2], input);
            case "count" -> count(store, Integer.parseInt(arguments[2]));
            case "work" -> work(store, Integer.parseInt(arguments[2]), Boolean.parseBoolean(arguments[3]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void claim(LocalStore store, String name, BufferedReader input) throws IOException {
        do {
            Optional<Claim> claim = store.claim(Stores.key(name));
            say(claim.map(got -> "CLAIMED " + got.token()).orElse("NONE"));
        } while (input.readLine() != null);
    }

    private static void count(LocalStore store, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            store.count(Outcome.HIT, Duration.ofMillis(10));
        }
        say("DONE");
    }

    /** Does what runs through a cache do, until it is killed. */
    private static void work(LocalStore store, int keys, boolean removes) throws IOException {
        Random random = new Random();
        while (true) {
            String name = "key " + random.nextInt(keys);
            Optional<Entry> entry = store.find(Stores.key(name));
            if (entry.isPresent()) {
                store.used(entry.get());
                try {
                    Digest found = Digest.of(Files.readAllBytes(store.image(entry.get())));
                    if (!found.equals(entry.get().image()) || !found.equals(Digest.of(Stores.content(name, IMAGE_BYTES)))) {
                        say("WRONG " + name);
                    }
                } catch (java.nio.file.NoSuchFileException e) {
                    if (!removes) {
                        say("LOST " + name);
                    }
                }
                store.count(Outcome.HIT, Duration.ofMillis(1));
                if (removes && random.nextInt(4) == 0) {
                    store.forget(Stores.key(name));
                }
            } else {
                capture(store, name);
            }
            if (removes && random.nextInt(10) == 0) {
                store.gcByForce(StoreRacer.IMAGE_BYTES * 3L, Duration.ofSeconds(1));
            }
        }
    }

    private static void capture(LocalStore store, String name) throws IOException {
        Optional<Claim> claim = store.claim(Stores.key(name));
        if (claim.isEmpty()) {
            return;
        }
        Path image = Files.write(store.newPart(), Stores.content(name, IMAGE_BYTES));
        store.publish(Stores.key(name), image, Stores.facts(name));
        say("PUBLISHED " + name);
        claim.get().close();
    }

    /** One write a line, so that a kill leaves no half of one. */
    private static void say(String line) throws IOException {
        System.out.write((line + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        System.out.flush();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the random generators of libraries that would give the same numbers in each launch, where a cleared word makes them seed
 * themselves anew.
 *
 * <ul>
 *   <li>OpenSSL 3 and newer, shared or linked into a program: {@code struct prov_drbg_st} (providers/implementations/rands/drbg_local.h)
 *       is seeded anew when {@code getpid()} is not its {@code fork_id}. That leaves out launches that get the captured program's id: the
 *       first processes of containers all have 1. Zero is no process's id. It is known by four functions of one module in a row, that
 *       module by the generator's name in it, and by its strength and its longest request, which is the same for all kinds.
 *   <li>GnuTLS 3.6 and newer: {@code struct prng_ctx_st} (lib/nettle/rnd.c) is seeded anew after a fork, which a launch is not, and some
 *       hours after {@code last_reseed}. It is known by the constant of ChaCha, and by that time, which lies before the capture.
 * </ul>
 */
final class RandomGenerators {

    private static final String OPENSSL = "CTR-DRBG\0";
    private static final String GNUTLS = "\0gnutls_rnd\0";

    /** Of struct prov_drbg_st on 64-bit machines. */
    private static final int INSTANTIATE = 16;

    private static final int FUNCTIONS = 4;
    private static final int FORK_ID = 120;
    private static final int STRENGTH = 128;
    private static final int MAX_REQUEST = 136;

    /** Of {@code max_request}, bytes. */
    private static final long LONGEST_REQUEST = 1 << 16;

    /** "expand 3", "2-byte k". */
    private static final long CHACHA = 0x3320646e61707865L;

    private static final long CHACHA_END = 0x6b20657479622d32L;

    /** Of struct prng_ctx_st: bytes since it was seeded, of which there are fewer than this. */
    private static final int COUNTER = 64;

    private static final long COUNTER_LIMIT = 1 << 30;
    private static final int LAST_RESEED = 80;
    private static final long TEN_YEARS_SECONDS = 10L * 366 * 24 * 3600;
    private static final long SECOND_NS = 1_000_000_000L;

    private final CheckpointMemory memory;
    private final long captureSeconds;
    private final Set<Long> words = new TreeSet<>();

    private RandomGenerators(Checkpoint checkpoint, CheckpointMemory memory) {
        this.memory = memory;
        this.captureSeconds = Math.floorDiv(checkpoint.process().moment().realtimeNs(), SECOND_NS);
    }

    /** Returns the addresses of the aligned words of four bytes to clear, in order. */
    static Set<Long> wordsToClear(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        RandomGenerators generators = new RandomGenerators(checkpoint, memory);
        Set<NativeText> openSsl = new TextPlaces(memory, OPENSSL).modules();
        boolean gnuTls = !new TextPlaces(memory, GNUTLS).modules().isEmpty();
        if (gnuTls || !openSsl.isEmpty()) {
            generators.find(openSsl, gnuTls);
        }
        return generators.words;
    }

    private void find(Set<NativeText> openSsl, boolean gnuTls) throws IOException {
        List<Long> candidates = new ArrayList<>();
        new MemoryWindows(memory).search(memory.mappings(), (bytes, longs, address) -> candidatesIn(longs, address), candidates::add);
        for (long candidate : candidates) {
            if (memory.readLong(candidate).orElse(0) != CHACHA) {
                addOpenSsl(candidate - MAX_REQUEST, openSsl);
            } else if (gnuTls) {
                addGnuTls(candidate);
            }
        }
    }

    /** Words of 65536 behind a possible strength, and beginnings of ChaCha's constant; what is in another window is looked at later. */
    private static List<Long> candidatesIn(long[] longs, long address) {
        List<Long> found = new ArrayList<>();
        for (int i = 0; i < longs.length; i++) {
            boolean may = longs[i] == LONGEST_REQUEST
                    ? i == 0 || isStrength(longs[i - 1])
                    : longs[i] == CHACHA && (i + 1 == longs.length || longs[i + 1] == CHACHA_END);
            if (may) {
                found.add(address + (long) i * Long.BYTES);
            }
        }
        return found;
    }

    /** Bits of security, NIST SP 800-57; the upper half is padding of memory that was zeroed. */
    private static boolean isStrength(long word) {
        return word == 112 || word == 128 || word == 192 || word == 256;
    }

    private void addOpenSsl(long generator, Set<NativeText> modules) throws IOException {
        OptionalLong strength = memory.readLong(generator + STRENGTH);
        if (strength.isEmpty() || !isStrength(strength.getAsLong())) {
            return;
        }
        for (int i = 0; i < FUNCTIONS; i++) {
            OptionalLong function = memory.readLong(generator + INSTANTIATE + (long) i * Long.BYTES);
            if (function.isEmpty() || !isCodeOf(function.getAsLong(), modules)) {
                return;
            }
        }
        words.add(generator + FORK_ID);
    }

    private boolean isCodeOf(long function, Set<NativeText> modules) {
        return memory.mappingAt(function)
                .filter(mapping -> (mapping.protection() & Mapping.EXECUTE) != 0)
                .filter(mapping -> modules.contains(mapping.name()))
                .isPresent();
    }

    private void addGnuTls(long generator) throws IOException {
        long counter = memory.readLong(generator + COUNTER).orElse(-1);
        long seeded = memory.readLong(generator + LAST_RESEED).orElse(0);
        if (memory.readLong(generator + Long.BYTES).orElse(0) == CHACHA_END
                && counter >= 0
                && counter < COUNTER_LIMIT
                && seeded <= captureSeconds
                && seeded > captureSeconds - TEN_YEARS_SECONDS) {
            words.add(generator + LAST_RESEED);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.SecureRandomParameters;
import java.security.SecureRandomSpi;

/** A generator of the JDK that takes fresh bytes of the kernel before its first use in a launch. */
final class ReseedingRandom extends SecureRandomSpi {
    private static final long serialVersionUID = 1;
    /** As many bits as the strongest of the generators have. */
    private static final int SEED_BYTES = 32;

    private final SecureRandom generator;
    private volatile int seen = LaunchEpoch.current();

    ReseedingRandom(SecureRandom generator) {
        this.generator = generator;
    }

    private SecureRandom generator() {
        if (seen != LaunchEpoch.current()) {
            reseed();
        }
        return generator;
    }

    private synchronized void reseed() {
        int epoch = LaunchEpoch.current();
        if (seen != epoch) {
            generator.setSeed(kernelBytes());
            seen = epoch;
        }
    }

    /** Straight from /dev/urandom, which the JDK keeps open. */
    static byte[] kernelBytes() {
        try {
            return SecureRandom.getInstance("NativePRNGNonBlocking", RandomProvider.JDK).generateSeed(SEED_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("reading random bytes of the kernel: this JDK has no NativePRNGNonBlocking", e);
        }
    }

    @Override
    protected void engineSetSeed(byte[] seed) {
        generator().setSeed(seed);
    }

    @Override
    protected void engineNextBytes(byte[] bytes) {
        generator().nextBytes(bytes);
    }

    @Override
    protected void engineNextBytes(byte[] bytes, SecureRandomParameters parameters) {
        generator().nextBytes(bytes, parameters);
    }

    @Override
    protected byte[] engineGenerateSeed(int count) {
        return generator().generateSeed(count);
    }

    @Override
    protected void engineReseed(SecureRandomParameters parameters) {
        if (parameters == null) {
            generator().reseed();
        } else {
            generator().reseed(parameters);
        }
    }

    @Override
    protected SecureRandomParameters engineGetParameters() {
        return generator.getParameters();
    }

    @Override
    public String toString() {
        return generator.toString();
    }
}

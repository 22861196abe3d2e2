// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import dev.undump.Launch;
import dev.undump.Options;
import java.nio.file.Path;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** {@link Refresh} of a JVM. */
final class JvmRefresh implements Refresh {
    private static final int NONCE_BYTES = 32;

    private Seeds seeds;
    private StartFacts facts;

    JvmRefresh() {
        if (NativeLibrary.failure().isEmpty()) {
            RandomProvider.install();
        }
    }

    @Override
    public void beforeCheckpoint() {
        seeds = Seeds.find();
        facts = StartFacts.find();
        rehearse();
    }

    /** All that a launch does, with what is there already, so that the launch has its classes loaded and its memory at hand. */
    private void rehearse() {
        byte[] nonce = new byte[NONCE_BYTES];
        new SecureRandom().nextBytes(nonce);
        seeds.renew(new SeedStream(secret(nonce)));
        facts.renewProcess();
        facts.renewEnvironment(System.getenv());
        facts.renewDirectory(Path.of(System.getProperty("user.dir")));
    }

    @Override
    public List<Throwable> afterLaunch(Launch launch, Options options) {
        List<Throwable> failures = new ArrayList<>(seeds.renew(new SeedStream(secret(launch.nonce()))));
        failures.addAll(facts.renewProcess());
        if (!options.resume() && !options.keepEnvironment()) {
            failures.addAll(facts.renewEnvironment(launch.environment()));
        }
        if (!options.resume()) {
            launch.directory().ifPresent(directory -> failures.addAll(facts.renewDirectory(directory)));
        }
        return failures;
    }

    /** The program may tell the nonce to others: nobody may compute our seeds from it. */
    private static byte[] secret(byte[] nonce) {
        byte[] kernel;
        try {
            kernel = ReseedingRandom.kernelBytes();
        } catch (ProviderException | IllegalStateException e) {
            // No /dev/urandom here: the nonce is the kernel's, too.
            return nonce;
        }
        byte[] secret = Arrays.copyOf(nonce, nonce.length + kernel.length);
        System.arraycopy(kernel, 0, secret, nonce.length, kernel.length);
        return secret;
    }
}

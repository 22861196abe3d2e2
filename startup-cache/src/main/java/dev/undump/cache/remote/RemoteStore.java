// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;

/**
 * A cache on another machine. Nothing that it says is believed: an image counts only when its digests, and the signature where
 * keys are trusted, are right. For one thread at a time.
 */
public interface RemoteStore {

    /**
     * Chooses the store by the scheme of the address and puts the circuit breaker before it; nothing is asked of the server yet.
     *
     * @param configuration address, credentials, limits, keys
     * @param storeFolder the local store: {@code tmp} and {@code remote} in it are made and used
     * @throws RemoteFailure if the configuration cannot work
     */
    static RemoteStore open(RemoteConfiguration configuration, Path storeFolder) throws RemoteFailure {
        RemoteStore plain = configuration.isRegistry()
                ? new OciStore(configuration, storeFolder.resolve("tmp"))
                : new BazelStore(configuration, storeFolder.resolve("tmp"));
        CircuitBreaker breaker = new CircuitBreaker(
                storeFolder.resolve("remote"), configuration.address().toString(), Clock.systemUTC());
        return new GuardedStore(plain, breaker);
    }

    /**
     * Brings an image here.
     *
     * @param folder of the new file, which gets a name of its own; should be on the disk of the local store
     * @return empty when the server does not have it
     * @throws RemoteFailure if it could not be had, or what came is not the image; nothing is left in the folder then
     */
    Optional<RemoteImage> fetch(Digest key, Path folder) throws RemoteFailure;

    /**
     * Sends an image there: first its bytes, then the entry that names them.
     *
     * @param image stays as it is
     * @param imageDigest SHA-256 of it; a file that has another is not sent
     * @param facts their signature is sent; without one, the configuration's signing key makes it
     * @throws RemoteFailure if it was not stored
     */
    void store(Digest key, Path image, Digest imageDigest, EntryFacts facts) throws RemoteFailure;

    /** Returns the address without credentials, for people. */
    String describe();
}

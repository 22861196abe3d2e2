// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** A store with a circuit breaker before it. */
final class GuardedStore implements RemoteStore {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());

    private final RemoteStore store;
    private final CircuitBreaker breaker;

    GuardedStore(RemoteStore store, CircuitBreaker breaker) {
        this.store = store;
        this.breaker = breaker;
    }

    private interface Request<T> {
        T run() throws RemoteFailure;
    }

    @Override
    public Optional<RemoteImage> fetch(Digest key, Path folder) throws RemoteFailure {
        return guarded(Operation.FETCH, () -> store.fetch(key, folder));
    }

    @Override
    public void store(Digest key, Path image, Digest imageDigest, EntryFacts facts) throws RemoteFailure {
        guarded(Operation.STORE, () -> {
            store.store(key, image, imageDigest, facts);
            return imageDigest;
        });
    }

    @Override
    public String describe() {
        return store.describe();
    }

    private <T> T guarded(Operation operation, Request<T> request) throws RemoteFailure {
        Optional<CircuitBreaker.Open> open = breaker.check();
        if (open.isPresent()) {
            throw operation.failure(
                    RemoteFailure.Kind.CIRCUIT_OPEN,
                    describe(),
                    "left alone until " + TIME.format(open.get().until()) + " since " + open.get().reason(),
                    null);
        }
        T result;
        try {
            result = request.run();
        } catch (RemoteFailure e) {
            throw noted(e);
        }
        breaker.worked();
        return result;
    }

    private RemoteFailure noted(RemoteFailure failure) {
        if (failure.kind().opensCircuit()) {
            Duration pause = breaker.failed(failure.problem());
            return failure.and("and the server is left alone for " + pause.toMinutes() + " min");
        }
        if (failure.kind() != RemoteFailure.Kind.LOCAL) {
            breaker.worked();
        }
        return failure;
    }
}

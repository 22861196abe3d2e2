// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import land.oras.ContainerRef;
import land.oras.Registry;
import land.oras.auth.NoAuthProvider;
import land.oras.auth.UsernamePasswordProvider;
import land.oras.exception.OrasException;

/** Calls of the ORAS library, with our limits and in our words: it has neither idle limits nor faults by kind. */
final class RegistryCalls {

    private final RemoteConfiguration configuration;
    private final Operation operation;
    private final Registry registry;

    RegistryCalls(RemoteConfiguration configuration, Operation operation) throws RemoteFailure {
        this.configuration = configuration;
        this.operation = operation;
        if (configuration.tls().authorities().isPresent()) {
            // The library's own message about a file that cannot be used says neither which nor why.
            TlsContext.of(configuration.tls());
        }
        Registry.Builder builder =
                Registry.builder().withRegistry(host()).withInsecure(!configuration.isEncrypted());
        Optional<Path> authorities = configuration.tls().authorities();
        if (authorities.isPresent()) {
            builder.withCaFile(authorities.get());
        }
        Credentials credentials = configuration.credentials();
        if (credentials instanceof Credentials.Basic basic) {
            builder.withAuthProvider(new UsernamePasswordProvider(basic.user(), basic.password()));
        } else if (credentials instanceof Credentials.Bearer bearer) {
            builder.withAuthToken(bearer.token());
        } else {
            builder.withAuthProvider(new NoAuthProvider());
        }
        this.registry = builder.build();
    }

    /** One or more requests. */
    interface Call<T> {
        T run(StallWatch watch) throws IOException;
    }

    Registry registry() {
        return registry;
    }

    /** The address with the key's tag. */
    ContainerRef name(Digest key) throws RemoteFailure {
        String text = host() + configuration.address().getPath() + ':' + key.hex();
        try {
            return ContainerRef.parse(text);
        } catch (IllegalArgumentException | OrasException e) {
            throw ConfigurationReader.failure("\"" + text + "\" is no name in a registry: " + e.getMessage(), e);
        }
    }

    Faults faults() {
        return new Faults(configuration, operation, configuration.address());
    }

    private String host() {
        return configuration.address().getRawAuthority();
    }

    /** Runs a call; empty when the registry answers 404. */
    <T> Optional<T> find(Call<T> call) throws RemoteFailure {
        try {
            return Optional.of(limited(call));
        } catch (OrasException e) {
            if (Integer.valueOf(404).equals(e.getStatusCode())) {
                return Optional.empty();
            }
            throw failure(e);
        }
    }

    <T> T call(Call<T> call) throws RemoteFailure {
        try {
            return limited(call);
        } catch (OrasException e) {
            throw failure(e);
        }
    }

    private <T> T limited(Call<T> call) throws RemoteFailure {
        try (StallWatch watch = StallWatch.start(configuration.timeouts())) {
            try {
                return call.run(watch);
            } catch (RemoteFailure e) {
                throw e;
            } catch (IOException | OrasException e) {
                if (watch.verdict() != null) {
                    throw faults().failure(Kind.STALLED, watch.verdict() + ", " + watch.total() + " bytes in all", e);
                }
                if (e instanceof OrasException oras) {
                    throw oras;
                }
                throw faults().network(e, watch.total());
            }
        }
    }

    private RemoteFailure failure(OrasException fault) {
        Integer status = fault.getStatusCode();
        if (status != null && status >= 300) {
            return faults().status(status, String.valueOf(fault.getMessage()));
        }
        for (Throwable cause = fault.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException) {
                Thread.currentThread().interrupt();
                return faults().local("interrupted", fault);
            }
            if (cause instanceof IOException) {
                return faults().network(cause, 0);
            }
        }
        return faults().failure(Kind.REFUSED, "the registry's answer cannot be used: " + fault.getMessage(), fault);
    }
}

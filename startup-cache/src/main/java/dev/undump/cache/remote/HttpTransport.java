// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** HTTP with our limits: no request outlasts its time-outs, no redirect leaves the server, every fault is a {@link RemoteFailure}. */
final class HttpTransport {

    private static final int REDIRECTS = 3;
    private static final Set<Integer> REDIRECTIONS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> PASSING = Set.of(429, 502, 503, 504);
    private static final int ANSWER_BYTES = 2048;
    private static final long FIRST_PAUSE_MILLIS = 250;

    private final RemoteConfiguration configuration;
    private final Operation operation;
    private final HttpClient client;

    HttpTransport(RemoteConfiguration configuration, Operation operation) throws RemoteFailure {
        this.configuration = configuration;
        this.operation = operation;
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(configuration.timeouts().connect());
        if (configuration.isEncrypted()) {
            builder.sslContext(TlsContext.of(configuration.tls()));
        }
        this.client = builder.build();
    }

    /** Makes something of an answer's body. */
    interface Body<T> {
        T read(InputStream body) throws IOException;
    }

    private interface Source {
        BodyPublisher open(StallWatch watch) throws IOException;
    }

    Faults faults(URI address) {
        return new Faults(configuration, operation, address);
    }

    /** Returns what {@code body} makes of the answer; empty when the server answers 404. */
    <T> Optional<T> get(URI address, Body<T> body) throws RemoteFailure {
        return exchange(address, "GET", watch -> BodyPublishers.noBody(), body);
    }

    void put(URI address, byte[] content) throws RemoteFailure {
        put(address, watch -> BodyPublishers.ofByteArray(content));
    }

    void put(URI address, Path content, long sizeBytes) throws RemoteFailure {
        try (FileSource source = new FileSource(content, sizeBytes)) {
            put(address, source);
        }
    }

    private void put(URI address, Source source) throws RemoteFailure {
        if (exchange(address, "PUT", source, InputStream::readAllBytes).isEmpty()) {
            throw faults(address).status(404, "");
        }
    }

    private <T> Optional<T> exchange(URI address, String method, Source source, Body<T> body) throws RemoteFailure {
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == operation.attempts();
            try (StallWatch watch = StallWatch.start(configuration.timeouts())) {
                Optional<Optional<T>> answer = attempt(address, method, source, body, watch, last);
                if (answer.isPresent()) {
                    return answer.get();
                }
            }
            pause(address, attempt);
        }
    }

    /** Empty when it is worth another attempt. */
    private <T> Optional<Optional<T>> attempt(
            URI address, String method, Source source, Body<T> body, StallWatch watch, boolean last) throws RemoteFailure {
        Faults faults = faults(address);
        try {
            HttpResponse<InputStream> response = send(address, method, source, watch);
            try (InputStream in = new Counted(response.body(), watch)) {
                int status = response.statusCode();
                if (status == 404) {
                    return Optional.of(Optional.empty());
                }
                if (status / 100 == 2) {
                    return Optional.of(Optional.of(body.read(in)));
                }
                if (PASSING.contains(status) && !last) {
                    return Optional.empty();
                }
                throw faults.status(status, beginning(in));
            }
        } catch (RemoteFailure e) {
            throw e;
        } catch (IOException | InterruptedException e) {
            if (watch.verdict() != null) {
                throw faults.failure(Kind.STALLED, watch.verdict() + ", " + watch.total() + " bytes in all", e);
            }
            if (e instanceof InterruptedException || Thread.currentThread().isInterrupted()) {
                Thread.currentThread().interrupt();
                throw faults.local("interrupted", e);
            }
            throw faults.network(e, watch.total());
        }
    }

    private HttpResponse<InputStream> send(URI first, String method, Source source, StallWatch watch)
            throws IOException, InterruptedException {
        URI address = first;
        for (int redirects = 0; ; redirects++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(address).method(method, source.open(watch));
            configuration.credentials().header().ifPresent(value -> request.setHeader("Authorization", value));
            HttpResponse<InputStream> response = client.send(request.build(), BodyHandlers.ofInputStream());
            if (!REDIRECTIONS.contains(response.statusCode())) {
                return response;
            }
            response.body().close();
            address = redirected(first, address, response, redirects);
        }
    }

    private URI redirected(URI first, URI from, HttpResponse<?> response, int redirects) throws RemoteFailure {
        String location = response.headers().firstValue("Location").orElse("");
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw faults(first).failure(Kind.REDIRECTED, "it redirects to \"" + location + "\", which is no address", e);
        }
        boolean sameServer = from.getScheme().equals(to.getScheme()) && from.getRawAuthority().equals(to.getRawAuthority());
        if (!sameServer) {
            throw faults(first).failure(
                    Kind.REDIRECTED,
                    "it redirects to " + to + ", and other servers are not followed: name that address as the remote if it is meant",
                    null);
        }
        if (redirects == REDIRECTS) {
            throw faults(first).failure(Kind.REDIRECTED, "it redirects more than " + REDIRECTS + " times", null);
        }
        return to;
    }

    private static String beginning(InputStream in) {
        try {
            return new String(in.readNBytes(ANSWER_BYTES), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            // The status says enough.
            return "";
        }
    }

    private void pause(URI address, int attempt) throws RemoteFailure {
        try {
            Thread.sleep(FIRST_PAUSE_MILLIS << 2 * (attempt - 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw faults(address).local("interrupted", e);
        }
    }

    /** A file, opened once more for each attempt; what an attempt has left open is closed in the end. */
    private record FileSource(Path file, long sizeBytes, List<InputStream> opened) implements Source, AutoCloseable {

        FileSource(Path file, long sizeBytes) {
            this(file, sizeBytes, new ArrayList<>());
        }

        @Override
        public BodyPublisher open(StallWatch watch) throws IOException {
            InputStream in = new Counted(Files.newInputStream(file), watch);
            opened.add(in);
            return BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(() -> in), sizeBytes);
        }

        @Override
        public void close() {
            for (InputStream in : opened) {
                try {
                    in.close();
                } catch (IOException e) {
                    // It was read only; there is nothing to lose.
                    continue;
                }
            }
        }
    }

    /** Tells the watch what goes through. */
    static final class Counted extends FilterInputStream {

        private final StallWatch watch;

        Counted(InputStream in, StallWatch watch) {
            super(in);
            this.watch = watch;
        }

        @Override
        public int read() throws IOException {
            int value = in.read();
            watch.moved(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = in.read(bytes, offset, length);
            watch.moved(Math.max(count, 0));
            return count;
        }
    }
}

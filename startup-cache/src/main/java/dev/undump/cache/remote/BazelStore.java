// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** Bazel's HTTP cache: {@code /ac/KEY} holds an {@link ActionResult}, {@code /cas/SHA256} the compressed image. */
final class BazelStore implements RemoteStore {

    private static final int ENTRY_LIMIT_BYTES = 1 << 20;

    private final RemoteConfiguration configuration;
    private final Path scratch;

    BazelStore(RemoteConfiguration configuration, Path scratch) {
        this.configuration = configuration;
        this.scratch = scratch;
    }

    @Override
    public Optional<RemoteImage> fetch(Digest key, Path folder) throws RemoteFailure {
        HttpTransport http = new HttpTransport(configuration, Operation.FETCH);
        URI entryAddress = entry(key);
        Optional<byte[]> entry = http.get(entryAddress, body -> limited(body, http.faults(entryAddress)));
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        ActionResult result;
        StoredImage stored;
        try {
            result = ActionResult.decode(entry.get());
            stored = StoredImage.parse(new String(result.facts(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw http.faults(entryAddress).failure(Kind.DAMAGED, "the entry cannot be used: " + e.getMessage(), e);
        }
        Acceptance.check(stored, key, configuration.trust(), http.faults(entryAddress));
        URI objectAddress = object(result.object().digest());
        ImageReceiver receiver = new ImageReceiver(result.object(), stored, folder, http.faults(objectAddress));
        // The server may have dropped the object before its entry: nothing is there then, too.
        return http.get(objectAddress, receiver::receive);
    }

    @Override
    public void store(Digest key, Path image, Digest imageDigest, EntryFacts facts) throws RemoteFailure {
        HttpTransport http = new HttpTransport(configuration, Operation.STORE);
        Faults faults = http.faults(entry(key));
        try (ImageSender sender = ImageSender.compress(image, imageDigest, scratch, faults)) {
            StoredImage stored = Acceptance.signed(key, imageDigest, sender.imageBytes(), facts, configuration.signing());
            byte[] json = stored.toJson().getBytes(StandardCharsets.UTF_8);
            // Sent even if it is there: it may be there damaged, and without its entry nobody missed it.
            http.put(object(sender.object().digest()), sender.path(), sender.object().sizeBytes());
            http.put(entry(key), new ActionResult(sender.object(), json).encode());
        } catch (RemoteFailure e) {
            throw e;
        } catch (IOException e) {
            throw faults.local("deleting a temporary file in " + scratch + ": " + Faults.words(e), e);
        }
    }

    @Override
    public String describe() {
        return configuration.address().toString();
    }

    private static byte[] limited(InputStream body, Faults faults) throws IOException {
        byte[] bytes = body.readNBytes(ENTRY_LIMIT_BYTES + 1);
        if (bytes.length > ENTRY_LIMIT_BYTES) {
            throw faults.damaged("the entry is longer than 1 MiB");
        }
        return bytes;
    }

    private URI entry(Digest key) {
        return URI.create(configuration.address() + "/ac/" + key.hex());
    }

    private URI object(Digest digest) {
        return URI.create(configuration.address() + "/cas/" + digest.hex());
    }
}

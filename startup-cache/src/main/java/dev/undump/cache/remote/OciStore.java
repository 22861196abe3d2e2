// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import land.oras.ArtifactType;
import land.oras.Config;
import land.oras.ContainerRef;
import land.oras.Layer;
import land.oras.Manifest;

/** A registry of containers: the tag is the key, the one layer the compressed image, an annotation the facts. */
final class OciStore implements RemoteStore {

    static final String ARTIFACT_TYPE = "application/vnd.undump.image.v1";
    static final String LAYER_TYPE = "application/vnd.undump.image.v1+zstd";
    static final String FACTS = "dev.undump.image";

    private static final String SHA256 = "sha256:";

    private final RemoteConfiguration configuration;
    private final Path scratch;

    OciStore(RemoteConfiguration configuration, Path scratch) {
        this.configuration = configuration;
        this.scratch = scratch;
    }

    @Override
    public Optional<RemoteImage> fetch(Digest key, Path folder) throws RemoteFailure {
        RegistryCalls calls = new RegistryCalls(configuration, Operation.FETCH);
        ContainerRef name = calls.name(key);
        Optional<Manifest> manifest = calls.find(watch -> calls.registry().getManifest(name));
        if (manifest.isEmpty()) {
            return Optional.empty();
        }
        StoredImage stored;
        CompressedObject object;
        try {
            stored = StoredImage.parse(Optional.ofNullable(manifest.get().getAnnotations().get(FACTS))
                    .orElseThrow(() -> new IOException("it is no image of undump")));
            object = object(manifest.get());
        } catch (IOException e) {
            throw calls.faults().failure(Kind.DAMAGED, "the entry cannot be used: " + e.getMessage(), e);
        }
        Acceptance.check(stored, key, configuration.trust(), calls.faults());
        ImageReceiver receiver = new ImageReceiver(object, stored, folder, calls.faults());
        return calls.find(watch -> {
            ContainerRef blob = name.withDigest(SHA256 + object.digest().hex());
            try (InputStream in = new HttpTransport.Counted(calls.registry().fetchBlob(blob), watch)) {
                return receiver.receive(in);
            }
        });
    }

    private static CompressedObject object(Manifest manifest) throws IOException {
        List<Layer> layers = manifest.getLayers();
        if (layers.size() != 1 || !LAYER_TYPE.equals(layers.get(0).getMediaType())) {
            throw new IOException("it has " + layers.size() + " layers, expected one of type " + LAYER_TYPE);
        }
        String digest = layers.get(0).getDigest();
        Long size = layers.get(0).getSize();
        if (digest == null || !digest.startsWith(SHA256) || size == null) {
            throw new IOException("its layer has no SHA-256 or no size");
        }
        try {
            return new CompressedObject(new Digest(digest.substring(SHA256.length())), size);
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void store(Digest key, Path image, Digest imageDigest, EntryFacts facts) throws RemoteFailure {
        RegistryCalls calls = new RegistryCalls(configuration, Operation.STORE);
        ContainerRef name = calls.name(key);
        try (ImageSender sender = ImageSender.compress(image, imageDigest, scratch, calls.faults())) {
            StoredImage stored = Acceptance.signed(key, imageDigest, sender.imageBytes(), facts, configuration.signing());
            Layer layer = calls.call(watch -> calls.registry()
                    .pushBlob(
                            name.withDigest(SHA256 + sender.object().digest().hex()),
                            sender.object().sizeBytes(),
                            () -> open(sender.path(), watch),
                            Map.of()));
            Config config = calls.call(watch -> calls.registry().pushConfig(name, Config.empty()));
            Manifest manifest = Manifest.empty()
                    .withArtifactType(ArtifactType.from(ARTIFACT_TYPE))
                    .withConfig(config)
                    .withLayers(List.of(layer.withMediaType(LAYER_TYPE)))
                    .withAnnotations(Map.of(FACTS, stored.toJson()));
            calls.call(watch -> calls.registry().pushManifest(name, manifest));
        } catch (RemoteFailure e) {
            throw e;
        } catch (IOException e) {
            throw calls.faults().local("deleting a temporary file in " + scratch + ": " + Faults.words(e), e);
        }
    }

    private static InputStream open(Path file, StallWatch watch) {
        try {
            return new HttpTransport.Counted(Files.newInputStream(file), watch);
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + file, e);
        }
    }

    @Override
    public String describe() {
        return configuration.address().toString();
    }
}

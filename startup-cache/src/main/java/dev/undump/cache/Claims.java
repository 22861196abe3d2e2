// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;

/**
 * Claims as files. A new one is written aside and linked to its name, which only one of several can do. One whose owner is dead is replaced by rename
 * by whoever holds the right to do so, a second link that is named after the claim it replaces; who gets that right looks again whether the
 * claim is still there, so of several only one replaces it.
 *
 * <p>Ages are measured by the file server's clock: the time of a file written now.
 */
final class Claims {

    /** Many missed beats: a machine that was suspended or a server that stood still shall not count as dead. */
    static final Duration SILENT = Duration.ofMinutes(10);

    private final StorePaths paths;
    private final Disk disk;

    Claims(StorePaths paths, Disk disk) {
        this.paths = paths;
        this.disk = disk;
    }

    Path path(Digest key) {
        return paths.claim(key);
    }

    /** Claims a key; empty when somebody has it. */
    Optional<Claim> claim(Digest key) throws IOException {
        ClaimText ours = ClaimText.ours();
        Path part = paths.newPart("claim");
        try {
            disk.write(part, ours.bytes());
            boolean got = disk.link(part, path(key)) || takeOver(key, part);
            return got ? Optional.of(new Claim(key, ours, this)) : Optional.empty();
        } finally {
            disk.delete(part);
        }
    }

    /** Becomes the owner of a claim that another process has told us of. */
    Optional<Claim> adopt(Digest key, String token) throws IOException {
        Optional<ClaimText> found = read(path(key));
        if (found.isEmpty() || !found.get().nonce().equals(token)) {
            return Optional.empty();
        }
        ClaimText ours = ClaimText.ours();
        Path part = paths.newPart("claim");
        try {
            disk.write(part, ours.bytes());
            return replace(key, part, token) ? Optional.of(new Claim(key, ours, this)) : Optional.empty();
        } finally {
            disk.delete(part);
        }
    }

    /** Removes a claim of ours, if it is still there. */
    void release(Digest key, ClaimText ours) throws IOException {
        if (read(path(key)).equals(Optional.of(ours))) {
            disk.delete(path(key));
        }
    }

    /** Removes a claim that nobody has any more; false when somebody has it. */
    boolean sweep(Path claim) throws IOException {
        Optional<Digest> key = StorePaths.digest(claim);
        if (key.isEmpty()) {
            // A right to replace, left by somebody who died holding it.
            return isAbandoned(claim, read(claim)) && disk.delete(claim);
        }
        if (!isAbandoned(claim, read(claim))) {
            return false;
        }
        Optional<Claim> taken = claim(key.get());
        if (taken.isEmpty()) {
            return false;
        }
        taken.get().close();
        return true;
    }

    private boolean takeOver(Digest key, Path part) throws IOException {
        Path claim = path(key);
        Optional<byte[]> found = disk.read(claim);
        if (found.isEmpty()) {
            return disk.link(part, claim);
        }
        Optional<ClaimText> text = ClaimText.parse(found.get());
        if (!isAbandoned(claim, text)) {
            return false;
        }
        if (text.isEmpty()) {
            // Cut off long ago, on a file system without links.
            disk.delete(claim);
            return disk.link(part, claim);
        }
        return replace(key, part, text.get().nonce());
    }

    private boolean replace(Digest key, Path part, String nonce) throws IOException {
        Path claim = path(key);
        Path right = claim.resolveSibling(claim.getFileName() + "." + nonce);
        if (!disk.link(part, right)) {
            if (!isAbandoned(right, read(right))) {
                return false;
            }
            disk.delete(right);
            if (!disk.link(part, right)) {
                return false;
            }
        }
        try {
            boolean there = read(claim).filter(text -> text.nonce().equals(nonce)).isPresent();
            if (there) {
                Path replacement = paths.newPart("claim");
                disk.link(part, replacement);
                disk.rename(replacement, claim);
            }
            return there;
        } finally {
            disk.delete(right);
        }
    }

    private boolean isAbandoned(Path claim, Optional<ClaimText> text) throws IOException {
        if (text.isPresent() && (text.get().owner().isDead() || text.get().owner().isAlive())) {
            return text.get().owner().isDead();
        }
        Optional<FileTime> beat = disk.status(claim).map(BasicFileAttributes::lastModifiedTime);
        return beat.isPresent() && beat.get().toInstant().isBefore(now().toInstant().minus(SILENT));
    }

    private FileTime now() throws IOException {
        Path part = paths.newPart("time");
        try {
            disk.write(part, new byte[] {0});
            return disk.status(part).orElseThrow(() -> new IOException(part + " is gone")).lastModifiedTime();
        } finally {
            disk.delete(part);
        }
    }

    private Optional<ClaimText> read(Path claim) throws IOException {
        return disk.read(claim).flatMap(ClaimText::parse);
    }
}

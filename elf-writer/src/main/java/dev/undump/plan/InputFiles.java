// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.FileStamp;
import dev.undump.checkpoint.Input;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Inputs and the files that they stand for: what a launch will find, asked in the same way (restore/inputs.c). */
public final class InputFiles {

    private static final long NANOSECONDS = 1_000_000_000L;
    private static final String ATTRIBUTES = "unix:mode,size,ino,lastModifiedTime,ctime";

    private InputFiles() {}

    /**
     * Plans what launches look at.
     *
     * @param inputs of a checkpoint
     * @return the same, in their order, with digests
     * @throws PlanException if a file is not what the program has seen any more, or cannot be read
     */
    static List<PlannedInput> plan(List<Input> inputs) throws PlanException {
        List<PlannedInput> planned = new ArrayList<>(inputs.size());
        for (Input input : inputs) {
            try {
                planned.add(plan(input));
            } catch (IOException e) {
                throw refusal(input.path(), "cannot be read: " + words(e));
            }
        }
        return planned;
    }

    /**
     * Compares a file with what an image knows of it.
     *
     * @return what a launch from now on should expect, with the digest of the image; empty: it has changed or cannot be looked at, and a
     *     launch would leave for the fallback
     */
    public static Optional<PlannedInput> current(PlannedInput input) {
        try {
            return unchanged(input);
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<PlannedInput> unchanged(PlannedInput input) throws IOException {
        Optional<FileStamp> found = stamp(input.path(), input.kind(), input.stamp());
        if (input.kind() == InputKind.MISSING) {
            boolean same = found.isPresent() && found.get().mode() == input.stamp().mode();
            return same ? Optional.of(input.withStamp(found.get())) : Optional.empty();
        }
        if (found.isEmpty() || !found.get().isSameKind(input.stamp())) {
            return Optional.empty();
        }
        FileStamp stamp = found.get();
        boolean same = stamp.equals(input.stamp()) || isSame(input, stamp);
        // What has changed since it was looked at is not what was compared.
        return same && stamp(input.path(), input.kind(), input.stamp()).equals(found) ? Optional.of(input.withStamp(stamp)) : Optional.empty();
    }

    private static boolean isSame(PlannedInput input, FileStamp stamp) throws IOException {
        if (input.kind() == InputKind.STATUS) {
            return isSameStatus(input.stamp(), stamp);
        }
        boolean sameSize = !stamp.isRegular() || stamp.sizeBytes() == input.stamp().sizeBytes();
        return sameSize && InputDigest.of(input.kind(), NativePaths.path(input.path())).equals(input.digest());
    }

    private static boolean isSameStatus(FileStamp one, FileStamp other) {
        boolean sameContents = one.sizeBytes() == other.sizeBytes() && one.mtimeNs() == other.mtimeNs();
        return one.mode() == other.mode() && (!one.isRegular() || sameContents);
    }

    private static PlannedInput plan(Input input) throws IOException, PlanException {
        Optional<FileStamp> before = stamp(input.path(), input.kind(), input.stamp());
        if (before.isEmpty()) {
            throw refusal(input.path(), input.kind() == InputKind.MISSING ? "is there by now" : "is not there any more");
        }
        FileStamp stamp = before.get();
        Bytes digest = InputDigest.NONE;
        boolean same =
                switch (input.kind()) {
                    case MISSING -> true;
                    case STATUS -> isSameStatus(input.stamp(), stamp);
                    case LINK -> stamp.isLink();
                    default -> stamp.equals(input.stamp());
                };
        if (same) {
            digest = InputDigest.of(input.kind(), NativePaths.path(input.path()));
            same = stamp(input.path(), input.kind(), input.stamp()).equals(before)
                    && (input.kind() != InputKind.LINK || digest.equals(InputDigest.link(input.target())));
        }
        if (!same) {
            throw refusal(input.path(), "has changed");
        }
        return new PlannedInput(input.path(), input.kind(), stamp, digest);
    }

    /** Looks at a file. Empty: it is not there, or of a missing one: it is. */
    private static Optional<FileStamp> stamp(NativeText path, InputKind kind, FileStamp seen) throws IOException {
        Path place = NativePaths.path(path);
        if (kind != InputKind.MISSING) {
            return seen.isLink() ? status(place, LinkOption.NOFOLLOW_LINKS) : status(place);
        }
        Optional<FileStamp> itself = status(place, LinkOption.NOFOLLOW_LINKS);
        if (itself.isEmpty()) {
            return Optional.of(FileStamp.NONE);
        }
        return itself.get().isLink() && status(place).isEmpty() ? itself : Optional.empty();
    }

    private static Optional<FileStamp> status(Path path, LinkOption... options) throws IOException {
        try {
            Map<String, Object> found = Files.readAttributes(path, ATTRIBUTES, options);
            return Optional.of(new FileStamp(
                    (Integer) found.get("mode"),
                    (Long) found.get("size"),
                    (Long) found.get("ino"),
                    nanoseconds(found.get("lastModifiedTime")),
                    nanoseconds(found.get("ctime"))));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (AccessDeniedException e) {
            throw e;
        } catch (FileSystemException e) {
            // Not a directory: Java has only the system's words for that.
            if (leadsThroughAFile(path)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static boolean leadsThroughAFile(Path path) {
        for (Path parent = path.getParent(); parent != null; parent = parent.getParent()) {
            if (Files.exists(parent)) {
                return !Files.isDirectory(parent);
            }
        }
        return false;
    }

    private static long nanoseconds(Object time) {
        var instant = ((FileTime) time).toInstant();
        return instant.getEpochSecond() * NANOSECONDS + instant.getNano();
    }

    private static String words(IOException e) {
        return e instanceof AccessDeniedException ? "permission denied" : String.valueOf(e.getMessage());
    }

    private static PlanException refusal(NativeText path, String found) {
        return new PlanException(path + ", which the program has seen while it was warmed, " + found
                + ": capture it again, or make an image that does not look at files (--inputs none)");
    }
}

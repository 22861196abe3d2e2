// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Inputs of files that there are, with what a capture would note. */
public final class InputSamples {

    private InputSamples() {}

    public static Input of(InputKind kind, Path path) throws IOException {
        NativeText name = NativeText.of(path.toString());
        if (kind == InputKind.MISSING) {
            return new Input(name, kind, FileStamp.NONE, NativeText.EMPTY);
        }
        boolean isLink = kind == InputKind.LINK;
        LinkOption[] options = isLink ? new LinkOption[] {LinkOption.NOFOLLOW_LINKS} : new LinkOption[0];
        Map<String, Object> found = Files.readAttributes(path, "unix:*", options);
        FileStamp stamp = new FileStamp(
                (Integer) found.get("mode"),
                (Long) found.get("size"),
                (Long) found.get("ino"),
                ((FileTime) found.get("lastModifiedTime")).to(TimeUnit.NANOSECONDS),
                ((FileTime) found.get("ctime")).to(TimeUnit.NANOSECONDS));
        String target = isLink ? Files.readSymbolicLink(path).toString() : "";
        return new Input(name, kind, stamp, NativeText.of(target));
    }
}

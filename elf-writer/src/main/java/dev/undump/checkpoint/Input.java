// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A file whose state the program has seen while it was warmed.
 *
 * @param path absolute, as the program's name space shows it
 * @param stamp as it was; of a missing one {@link FileStamp#NONE}
 * @param target of a link: where it leads; else empty
 */
public record Input(NativeText path, InputKind kind, FileStamp stamp, NativeText target) {

    public Input {
        byte[] bytes = path.bytes();
        Checks.check(bytes.length > 0 && bytes[0] == '/', "length of an input's path, which is not absolute,", bytes.length);
        for (byte one : bytes) {
            Checks.check(one != 0, "byte of an input's path", one);
        }
        Checks.check(kind != InputKind.LINK || stamp.isLink(), "mode of a link", stamp.mode());
        Checks.check(kind == InputKind.LINK || target.isEmpty(), "length of an input's target", target.length());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Optional;

/**
 * What a claim says: one line with the version, the process, and a word that no other claim has.
 *
 * @param owner who has it
 * @param nonce makes this claim another one than the owner's next of the same key
 */
record ClaimText(ProcessIdentity owner, String nonce) {

    private static final String HEAD = "undump-claim-1";

    static ClaimText ours() {
        return new ClaimText(ProcessIdentity.current(), StorePaths.unique());
    }

    byte[] bytes() {
        return (HEAD + " " + owner.tag() + " " + nonce + "\n").getBytes(UTF_8);
    }

    byte[] firstByte() {
        return new byte[] {bytes()[0]};
    }

    /** Reads a claim; empty when it is none, or is being written. */
    static Optional<ClaimText> parse(byte[] bytes) {
        String[] words = new String(bytes, UTF_8).split("[ \n]");
        if (words.length != 3 || !words[0].equals(HEAD) || !words[2].matches("[0-9a-z]+")) {
            return Optional.empty();
        }
        return ProcessIdentity.parse(words[1]).map(owner -> new ClaimText(owner, words[2]));
    }
}

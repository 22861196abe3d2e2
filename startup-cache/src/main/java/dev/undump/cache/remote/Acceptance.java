// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import dev.undump.cache.remote.RemoteFailure.Kind;
import dev.undump.cache.signature.SigningKey;
import dev.undump.cache.signature.TrustKeys;
import java.util.Optional;

/** What an entry must be like before its image is asked for, and how ours are made. */
final class Acceptance {

    /** An entry is small, whatever the command line was. */
    private static final int COMMAND_CHARACTERS = 4096;

    private Acceptance() {}

    /**
     * Checks whom an entry is of.
     *
     * @throws RemoteFailure if it is of another key, or not signed by a key that is trusted
     */
    static void check(StoredImage stored, Digest key, TrustKeys trust, Faults faults) throws RemoteFailure {
        if (!stored.key().equals(key)) {
            throw faults.damaged("the entry is that of key " + stored.key() + ", asked for was " + key);
        }
        if (trust.isEmpty()) {
            return;
        }
        byte[] signature = stored.facts().signature().orElseThrow(() -> faults.failure(
                Kind.UNTRUSTED, "the image is not signed, and only signed ones are taken (trust)", null));
        if (!trust.accept(key, stored.image(), signature)) {
            String who = trust.count() == 1 ? "the key that is" : "any of the " + trust.count() + " keys that are";
            throw faults.failure(Kind.UNTRUSTED, "the image is not signed by " + who + " trusted", null);
        }
    }

    static StoredImage signed(
            Digest key, Digest image, long sizeBytes, EntryFacts facts, Optional<SigningKey> signing) {
        Optional<byte[]> signature = facts.signature().or(() -> signing.map(by -> by.sign(key, image)));
        String command = facts.command();
        if (command.length() > COMMAND_CHARACTERS) {
            command = command.substring(0, COMMAND_CHARACTERS) + "...";
        }
        return new StoredImage(
                key, image, sizeBytes, new EntryFacts(command, facts.cold(), facts.undumpVersion(), signature));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.key.ProcessText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The command that the user wants to run.
 *
 * @param words as {@link ProcessText} decodes the kernel's bytes; not empty
 */
record UserCommand(List<String> words) {

    private static final int FIRST_ESCAPE = 0xdc00;
    private static final int LAST_ESCAPE = 0xdcff;

    UserCommand {
        words = List.copyOf(words);
        if (words.isEmpty()) {
            throw new IllegalArgumentException("a command has at least one word");
        }
    }

    /** Takes the last words of this process's own command line, whose bytes no locale has changed. */
    static UserCommand ofProcess(List<String> parsed) throws IOException {
        List<String> all = ProcessText.arguments();
        return new UserCommand(all.subList(all.size() - parsed.size(), all.size()));
    }

    /** Returns the words as the kernel takes them. */
    List<byte[]> bytes() {
        return words.stream().map(UserCommand::encode).toList();
    }

    /** Returns the words that follow the first ones. */
    List<String> behind(int fixed) {
        return words.subList(Math.min(fixed, words.size()), words.size());
    }

    List<String> first(int fixed) {
        return words.subList(0, Math.min(fixed, words.size()));
    }

    /** The reverse of what {@link ProcessText} does with bytes that are no UTF-8. */
    static byte[] encode(String word) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        word.codePoints().forEach(character -> {
            if (character >= FIRST_ESCAPE && character <= LAST_ESCAPE) {
                bytes.write(character - FIRST_ESCAPE);
            } else {
                bytes.writeBytes(Character.toString(character).getBytes(StandardCharsets.UTF_8));
            }
        });
        return bytes.toByteArray();
    }

    /** Returns the words for a person, as a shell takes them. */
    String text() {
        StringBuilder text = new StringBuilder();
        for (String word : words) {
            text.append(text.isEmpty() ? "" : " ").append(ShellText.word(word));
        }
        return text.toString();
    }
}

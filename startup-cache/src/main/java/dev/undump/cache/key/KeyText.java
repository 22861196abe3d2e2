// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.undump.cache.Digest;
import java.util.ArrayList;
import java.util.List;

/** The text of a key: a line that names the format, then one line a part. It is what is digested, so its bytes never change. */
final class KeyText {

    private static final String HEAD = "undump-key ";
    private static final String VERSION = "1";
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int DELETE = 0x7f;
    private static final int FIRST_BEYOND_ASCII = 0x80;

    private KeyText() {}

    static String of(List<KeyPart> parts) {
        StringBuilder text = new StringBuilder(HEAD + VERSION + "\n");
        for (KeyPart part : parts) {
            escape(part.name(), text);
            text.append('=');
            escape(part.value(), text);
            text.append('\n');
        }
        return text.toString();
    }

    /** Digests any text, whatever bytes it was decoded from. */
    static Digest digest(String value) {
        StringBuilder line = new StringBuilder();
        escape(value, line);
        return Digest.of(line.toString().getBytes(UTF_8));
    }

    static List<KeyPart> parse(String text) throws KeyException {
        String[] lines = text.split("\n", -1);
        if (!lines[0].startsWith(HEAD)) {
            throw new KeyException("reading the text of a key: expected a first line \"" + HEAD + VERSION + "\", found \"" + lines[0]
                    + "\"; this is no key of undump");
        }
        if (!lines[0].equals(HEAD + VERSION)) {
            throw new KeyException("reading the text of a key: it is of format \"" + lines[0].substring(HEAD.length())
                    + "\", this undump knows " + VERSION + "; use the undump that wrote it");
        }
        if (!lines[lines.length - 1].isEmpty()) {
            throw new KeyException("reading the text of a key: it ends within a line, \"" + lines[lines.length - 1] + '"');
        }
        List<KeyPart> parts = new ArrayList<>();
        for (int i = 1; i < lines.length - 1; i++) {
            int end = lines[i].indexOf('=');
            if (end <= 0) {
                throw new KeyException("reading the text of a key: line " + (i + 1) + " is no \"name=value\": \"" + lines[i] + '"');
            }
            parts.add(new KeyPart(unescape(lines[i].substring(0, end)), unescape(lines[i].substring(end + 1))));
        }
        return parts;
    }

    private static void escape(String text, StringBuilder line) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character == '\\') {
                line.append("\\\\");
            } else if (character == '\n') {
                line.append("\\n");
            } else if (character < FIRST_PRINTABLE || character == DELETE) {
                line.append(String.format("\\x%02x", (int) character));
            } else if (Character.isHighSurrogate(character)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                line.append(character).append(text.charAt(++i));
            } else if (Character.isSurrogate(character)) {
                int beyond = character - ProcessText.FIRST_SURROGATE;
                boolean isByte = beyond >= FIRST_BEYOND_ASCII && beyond <= 0xff;
                line.append(isByte ? String.format("\\x%02x", beyond) : String.format("\\u%04x", (int) character));
            } else {
                line.append(character);
            }
        }
    }

    private static String unescape(String line) throws KeyException {
        StringBuilder text = new StringBuilder();
        int position = 0;
        while (position < line.length()) {
            char character = line.charAt(position++);
            if (character != '\\') {
                text.append(character);
                continue;
            }
            char kind = position < line.length() ? line.charAt(position++) : ' ';
            switch (kind) {
                case '\\' -> text.append('\\');
                case 'n' -> text.append('\n');
                case 'x' -> {
                    int value = number(line, position, 2);
                    text.append((char) (value < FIRST_BEYOND_ASCII ? value : ProcessText.FIRST_SURROGATE + value));
                    position += 2;
                }
                case 'u' -> {
                    text.append((char) number(line, position, 4));
                    position += 4;
                }
                default -> throw new KeyException("reading the text of a key: \"\\" + kind + "\" has no meaning, in \"" + line + '"');
            }
        }
        return text.toString();
    }

    private static int number(String line, int start, int digits) throws KeyException {
        try {
            return Integer.parseInt(line.substring(start, start + digits), 16);
        } catch (StringIndexOutOfBoundsException | NumberFormatException e) {
            throw new KeyException("reading the text of a key: no " + digits + " hex digits at column " + (start + 1) + " of \"" + line + '"', e);
        }
    }
}

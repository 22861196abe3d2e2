// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The first line of a script as the kernel reads it (fs/binfmt_script.c): of the first 256 bytes, blanks and tabulators around both words
 * dropped, everything behind the interpreter one argument.
 *
 * @param interpreter path
 * @param argument empty when there is none
 */
record ScriptLine(String interpreter, Optional<String> argument) {

    /** {@code BINPRM_BUF_SIZE}. */
    static final int HEAD_BYTES = 256;

    /**
     * Reads a file's beginning.
     *
     * @param head at most {@value #HEAD_BYTES} bytes
     * @return empty when the kernel takes it for no script
     */
    static Optional<ScriptLine> of(byte[] head) {
        if (head.length < 2 || head[0] != '#' || head[1] != '!') {
            return Optional.empty();
        }
        int end = 2;
        while (end < head.length && head[end] != '\n' && head[end] != 0) {
            end++;
        }
        boolean cutOff = end == HEAD_BYTES;
        int start = skipBlanks(head, 2, end);
        int wordEnd = start;
        while (wordEnd < end && !isBlank(head[wordEnd])) {
            wordEnd++;
        }
        if (start == wordEnd || cutOff && wordEnd == end) {
            return Optional.empty();
        }
        int argument = skipBlanks(head, wordEnd, end);
        while (end > argument && isBlank(head[end - 1])) {
            end--;
        }
        return Optional.of(new ScriptLine(
                text(head, start, wordEnd), argument == end ? Optional.empty() : Optional.of(text(head, argument, end))));
    }

    private static int skipBlanks(byte[] head, int start, int end) {
        int position = start;
        while (position < end && isBlank(head[position])) {
            position++;
        }
        return position;
    }

    private static boolean isBlank(byte value) {
        return value == ' ' || value == '\t';
    }

    private static String text(byte[] head, int start, int end) {
        return ProcessText.decode(ByteBuffer.wrap(head, start, end - start));
    }
}

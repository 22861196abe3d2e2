// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Arguments and environment of this process without loss. What Java hands out was decoded as the locale says, and two values may have
 * become one by that; the kernel's bytes are decoded as UTF-8 here, and each byte {@code b} that is none becomes the lone surrogate
 * {@code U+DC00 + b} (Python's PEP 383).
 */
public final class ProcessText {

    static final int FIRST_SURROGATE = 0xdc00;

    private ProcessText() {}

    /**
     * Returns the environment that this process was started with, in the order of the kernel; of a name that stands twice the first value,
     * which is the one that getenv(3) finds.
     *
     * @throws IOException if /proc cannot be read
     */
    public static Map<String, String> environment() throws IOException {
        return environment(Files.readAllBytes(Path.of("/proc/self/environ")));
    }

    /**
     * Returns the words of this process's command line, the Java launcher's own among them.
     *
     * @throws IOException if /proc cannot be read
     */
    public static List<String> arguments() throws IOException {
        return words(Files.readAllBytes(Path.of("/proc/self/cmdline")));
    }

    static Map<String, String> environment(byte[] block) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (String entry : words(block)) {
            int end = entry.indexOf('=');
            if (end > 0) {
                environment.putIfAbsent(entry.substring(0, end), entry.substring(end + 1));
            }
        }
        return environment;
    }

    static List<String> words(byte[] block) {
        List<String> words = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < block.length; i++) {
            if (block[i] == 0) {
                words.add(decode(ByteBuffer.wrap(block, start, i - start)));
                start = i + 1;
            }
        }
        if (start < block.length) {
            words.add(decode(ByteBuffer.wrap(block, start, block.length - start)));
        }
        return words;
    }

    /** Decodes bytes; no two sequences of bytes give the same text. */
    static String decode(ByteBuffer bytes) {
        CharsetDecoder decoder = UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        CharBuffer text = CharBuffer.allocate(bytes.remaining());
        CoderResult result = decoder.decode(bytes, text, true);
        while (result.isError()) {
            for (int i = 0; i < result.length(); i++) {
                text.put((char) (FIRST_SURROGATE + (bytes.get() & 0xff)));
            }
            result = decoder.decode(bytes, text, true);
        }
        return text.flip().toString();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code observe} reports of a run; the words are explained in {@code native-stub/observe/observe.h}.
 *
 * @param end how it ended, like {@code exited 0}
 * @param nanoseconds until then, or until the first byte of output
 * @param hasOutput whether there was such a byte, where that was looked for
 * @param cachedBefore bytes of the image that were in the page cache when it began
 * @param isReplaced whether its memory could not be looked at
 * @param mapped image offsets of pages that it had mapped and not written to
 * @param written image offsets of pages that it had written to
 */
record Observation(
        String end,
        long nanoseconds,
        boolean hasOutput,
        long cachedBefore,
        boolean isReplaced,
        PageRanges mapped,
        PageRanges written) {

    /** Status with which a launch gives up. */
    private static final String GAVE_UP = "exited 125";

    static Observation read(Path report, Path image) throws IOException {
        Map<String, String> words = new HashMap<>();
        List<PageRanges.Range> mapped = new ArrayList<>();
        List<PageRanges.Range> written = new ArrayList<>();
        for (String line : Files.readAllLines(report, StandardCharsets.ISO_8859_1)) {
            String name = line.substring(0, Math.max(0, line.indexOf(' ')));
            String value = line.substring(line.indexOf(' ') + 1);
            switch (name) {
                case "mapped" -> mapped.add(range(value));
                case "written" -> written.add(range(value));
                default -> words.put(name, value);
            }
        }
        if (words.containsKey("failed")) {
            throw new TuneException(image, words.get("failed"), null);
        }
        if (!words.containsKey("ended") || !words.containsKey("nanoseconds")) {
            throw new TuneException(image, "the program that observes the image ended without a result", null);
        }
        return new Observation(
                words.get("ended"),
                Long.parseLong(words.get("nanoseconds")),
                "1".equals(words.get("output")),
                Long.parseLong(words.getOrDefault("cached-before", "0")),
                "1".equals(words.get("replaced")),
                PageRanges.of(mapped, 0),
                PageRanges.of(written, 0));
    }

    boolean gaveUp() {
        return end.equals(GAVE_UP);
    }

    private static PageRanges.Range range(String text) {
        int blank = text.indexOf(' ');
        long start = Long.parseLong(text.substring(0, blank));
        return new PageRanges.Range(start, start + Long.parseLong(text.substring(blank + 1)));
    }
}

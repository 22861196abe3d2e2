// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.key.ProcessText;
import dev.undump.cli.ReplacementProgram;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** The environment that the user's command gets. */
final class Environment {

    /** An image that was left counts in it how often. */
    private static final String LEFT_IMAGES = "UNDUMP_FALLBACK";

    private static final String LOCALE = "LC_ALL";

    private Environment() {}

    /** Takes out of this process's environment what is ours. */
    static void forget() {
        ReplacementProgram.unsetVariable(LEFT_IMAGES);
    }

    /** Returns what the command gets. */
    static Map<String, String> given() throws IOException {
        Map<String, String> variables = ProcessText.environment();
        variables.remove(LEFT_IMAGES);
        Optional<String> locale = ReplacementProgram.givenLocale();
        if (locale.isPresent()) {
            variables.remove(LOCALE);
            locale.filter(value -> !value.isEmpty()).ifPresent(value -> variables.put(LOCALE, value));
        }
        return variables;
    }
}

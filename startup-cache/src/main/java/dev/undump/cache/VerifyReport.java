// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.util.List;

/**
 * What an inspection found.
 *
 * @param images images that were read
 * @param imageBytes of those images
 * @param entries entries that were read
 * @param problems one line each, what was wrong and what was done about it; none when all is well
 */
public record VerifyReport(long images, long imageBytes, long entries, List<String> problems) {

    public VerifyReport {
        problems = List.copyOf(problems);
    }

    /** Tells whether nothing was wrong. */
    public boolean clean() {
        return problems.isEmpty();
    }
}

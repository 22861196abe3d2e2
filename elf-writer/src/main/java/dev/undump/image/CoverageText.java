// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.sites.Coverage;
import dev.undump.sites.ModuleCoverage;
import dev.undump.sites.UncoveredSite;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The form in which an image says how its system calls were found: a line for each module, and behind it one for each place
 * that is not covered, fields with tabs between.
 */
public final class CoverageText {

    private static final int MOST_SITES = 1000;
    private static final int MODULE_FIELDS = 5;
    private static final int HEX = 16;

    private CoverageText() {}

    static String encode(Coverage coverage) {
        StringBuilder text = new StringBuilder();
        int sites = 0;
        for (ModuleCoverage module : coverage.modules()) {
            text.append(String.join(
                            "\t",
                            plain(module.module()),
                            Integer.toString(module.constant()),
                            Integer.toString(module.rewritten()),
                            Integer.toString(module.dynamic()),
                            Integer.toString(module.notCode())))
                    .append('\n');
            for (UncoveredSite site : module.uncovered()) {
                if (sites++ < MOST_SITES) {
                    text.append('\t').append(Long.toHexString(site.address())).append('\t');
                    text.append(plain(site.reason())).append('\n');
                }
            }
        }
        return text.toString();
    }

    /**
     * Reads the form back.
     *
     * @return empty if there is none, because no memory could be lazy
     * @throws IllegalArgumentException if it is no such text
     */
    public static Optional<Coverage> decode(String text) {
        List<ModuleCoverage> modules = new ArrayList<>();
        String module = "";
        List<UncoveredSite> sites = new ArrayList<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith("\t")) {
                sites.add(site(line));
                continue;
            }
            if (!module.isEmpty()) {
                modules.add(module(module, sites));
            }
            module = line;
            sites = new ArrayList<>();
        }
        if (module.isEmpty()) {
            return Optional.empty();
        }
        modules.add(module(module, sites));
        return Optional.of(new Coverage(modules));
    }

    private static ModuleCoverage module(String line, List<UncoveredSite> sites) {
        String[] fields = line.split("\t", -1);
        if (fields.length != MODULE_FIELDS) {
            throw new IllegalArgumentException("coverage of a module has " + fields.length + " fields");
        }
        return new ModuleCoverage(
                fields[0],
                Integer.parseInt(fields[1]),
                Integer.parseInt(fields[2]),
                Integer.parseInt(fields[3]),
                Integer.parseInt(fields[4]),
                sites);
    }

    private static UncoveredSite site(String line) {
        String[] fields = line.split("\t", 3);
        if (fields.length != 3) {
            throw new IllegalArgumentException("a place in the coverage has no reason");
        }
        return new UncoveredSite(Long.parseLong(fields[1], HEX), fields[2]);
    }

    private static String plain(String text) {
        return text.chars().allMatch(character -> character >= ' ') && !text.isEmpty()
                ? text
                : "?" + text.replaceAll("\\p{Cntrl}", "?");
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.List;
import java.util.function.ToIntFunction;

/**
 * How much of the program's system calls is accounted for.
 *
 * @param modules by address; those without a single hit are left out
 */
public record Coverage(List<ModuleCoverage> modules) {

    public Coverage {
        modules = List.copyOf(modules);
    }

    /** Returns whether every call that lazy memory has to know about reaches the stub. */
    public boolean isComplete() {
        return uncovered() == 0;
    }

    /** Returns the number of places that are not accounted for. */
    public int uncovered() {
        return sum(module -> module.uncovered().size());
    }

    /** Returns one line for people: what was found, and the first reason when something is not covered. */
    public String summary() {
        String counts = sum(ModuleCoverage::rewritten) + " intercepted calls and " + sum(ModuleCoverage::dynamic)
                + " of unknown number rewritten, " + sum(ModuleCoverage::constant) + " others untouched, "
                + sum(ModuleCoverage::notCode) + " lookalikes";
        for (ModuleCoverage module : modules) {
            if (!module.uncovered().isEmpty()) {
                return counts + "; " + uncovered() + " not covered, the first in " + module.module() + " at "
                        + module.uncovered().get(0);
            }
        }
        return counts;
    }

    private int sum(ToIntFunction<ModuleCoverage> count) {
        return modules.stream().mapToInt(count).sum();
    }
}

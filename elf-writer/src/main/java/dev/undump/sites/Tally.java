// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Counts what becomes of one module's places. */
final class Tally {

    private final String module;
    private int constant;
    private int rewritten;
    private int dynamic;
    private int notCode;
    private final List<UncoveredSite> uncovered = new ArrayList<>();

    Tally(String module) {
        this.module = module;
    }

    void constant() {
        constant++;
    }

    void notCode() {
        notCode++;
    }

    void rewritten(Detour detour) {
        if (detour.compares()) {
            dynamic++;
        } else {
            rewritten++;
        }
    }

    void uncovered(long address, String reason) {
        uncovered.add(new UncoveredSite(address, reason));
    }

    ModuleCoverage result() {
        uncovered.sort(Comparator.comparingLong(UncoveredSite::address));
        return new ModuleCoverage(module, constant, rewritten, dynamic, notCode, uncovered);
    }
}

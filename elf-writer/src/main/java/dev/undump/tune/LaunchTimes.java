// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Times launches of two images in turn, so that a slow moment of the machine meets both. */
final class LaunchTimes {

    /** Warm launches are short, so there may be more of them. */
    private static final int WARM_PER_ROUND = 3;

    private final List<Long> coldBefore = new ArrayList<>();
    private final List<Long> coldAfter = new ArrayList<>();
    private final List<Long> warmBefore = new ArrayList<>();
    private final List<Long> warmAfter = new ArrayList<>();
    private boolean comparable = true;
    private boolean isCold = true;
    private boolean toOutput;

    static LaunchTimes of(Observer observer, Path before, Path after, int rounds) throws IOException {
        LaunchTimes times = new LaunchTimes();
        for (int round = 0; round < rounds; round++) {
            boolean goesOn = times.addCold(observer.time(before, true), Files.size(before), times.coldBefore)
                    && times.addCold(observer.time(after, true), Files.size(after), times.coldAfter);
            for (int i = 0; goesOn && i < WARM_PER_ROUND; i++) {
                goesOn = times.add(observer.time(before, false), times.warmBefore)
                        && times.add(observer.time(after, false), times.warmAfter);
            }
            if (!goesOn) {
                break;
            }
        }
        return times;
    }

    Optional<TuneReport.Times> cold() {
        return isCold ? times(coldBefore, coldAfter) : Optional.empty();
    }

    Optional<TuneReport.Times> warm() {
        return times(warmBefore, warmAfter);
    }

    /** Some file systems are memory, and what another process has mapped stays as well. */
    private boolean addCold(Observation run, long imageBytes, List<Long> to) {
        isCold &= run.cachedBefore() < imageBytes / 2;
        return add(run, to);
    }

    /** A run that neither wrote nor ended in time, or one that fails, says nothing about launches. */
    private boolean add(Observation run, List<Long> to) {
        comparable &= run.hasOutput() || run.end().startsWith("exited");
        toOutput |= run.hasOutput();
        to.add(run.nanoseconds());
        return comparable;
    }

    private Optional<TuneReport.Times> times(List<Long> before, List<Long> after) {
        if (!comparable || before.isEmpty() || after.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new TuneReport.Times(median(before), median(after), toOutput));
    }

    private static long median(List<Long> values) {
        List<Long> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}

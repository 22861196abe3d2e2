// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.SeccompFilter;

/**
 * A seccomp filter as a launch sets it.
 *
 * @param byPrctl whether the filters before it allow prctl(2) for that, and not seccomp(2)
 */
public record PlannedFilter(SeccompFilter filter, boolean byPrctl) {}

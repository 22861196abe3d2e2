// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.PosixTimer;
import java.util.OptionalInt;

/**
 * A POSIX timer as a launch makes it, {@code struct image_posix_timer}.
 *
 * @param clockThread index of the thread whose time it counts, empty unless it is a CPU-time clock
 * @param thread index of the thread that its signal goes to, empty unless it goes to one
 * @param fires whether its pending signal makes it fire, which starts it, too
 */
public record PlannedTimer(PosixTimer timer, OptionalInt clockThread, OptionalInt thread, boolean fires) {}

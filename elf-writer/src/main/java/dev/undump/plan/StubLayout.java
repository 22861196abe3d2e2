// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * What the planner has to know about the restore stub; addresses are bytes from the start of the slot.
 *
 * @param start where the kernel enters the stub
 * @param resumeCall code that makes a shortened system call again, see {@code image_resume_call}
 * @param intercept where rewritten system calls arrive, see {@code image_lazy_range}
 * @param planOffset where the plan is loaded, page aligned, behind all of the stub's own memory
 */
public record StubLayout(long start, long resumeCall, long intercept, long planOffset) {

    public StubLayout {
        if (planOffset <= 0 || planOffset % 4096 != 0) {
            throw new IllegalArgumentException("the plan would be loaded at slot + " + planOffset);
        }
        for (long entry : new long[] {start, resumeCall, intercept}) {
            if (entry < 0 || entry >= planOffset) {
                throw new IllegalArgumentException("an entry of the stub lies outside of it: " + entry);
            }
        }
    }
}

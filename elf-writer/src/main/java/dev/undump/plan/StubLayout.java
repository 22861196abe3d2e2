// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * What the planner has to know about the restore stub; addresses are bytes from the start of the slot.
 *
 * @param start where the kernel enters the stub
 * @param resumeCall code that makes a shortened system call again, see {@code image_resume_call}
 * @param planOffset where the plan is loaded, page aligned, behind all of the stub's own memory
 */
public record StubLayout(long start, long resumeCall, long planOffset) {

    public StubLayout {
        if (planOffset <= 0 || planOffset % 4096 != 0) {
            throw new IllegalArgumentException("the plan would be loaded at slot + " + planOffset);
        }
        if (start < 0 || start >= planOffset || resumeCall < 0 || resumeCall >= planOffset) {
            throw new IllegalArgumentException("the stub's entries lie outside of it: " + start + ", " + resumeCall);
        }
    }
}

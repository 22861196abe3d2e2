// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Capabilities;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.SeccompFilter;
import dev.undump.checkpoint.ThreadRights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plans what the threads of a launch may do: what the program could do, as far as the launch can. */
final class RightsPlanner {

    private static final int RT_SIGRETURN = 15;
    private static final int PRCTL = 157;
    private static final int SECCOMP = 317;
    private static final int PR_SET_SECCOMP = 22;
    private static final int SECCOMP_MODE_FILTER = 2;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int CAP_SYS_ADMIN = 21;

    private final Checkpoint checkpoint;
    private final long stub;
    private final boolean ofLaunch;
    /** Most threads have the same. */
    private final Map<ThreadRights, PlannedRights> known = new HashMap<>();

    /**
     * Prepares planning.
     *
     * @param stub address at which the stub's system calls stand, as far as a filter may ask for it
     * @param ofLaunch true: what the program had given up stays as the launch has it
     */
    RightsPlanner(Checkpoint checkpoint, long stub, boolean ofLaunch) {
        this.checkpoint = checkpoint;
        this.stub = stub;
        this.ofLaunch = ofLaunch;
    }

    /** Returns the rights of each thread; empty ones where nothing is known. */
    List<Optional<PlannedRights>> plan() throws PlanException {
        List<Optional<PlannedRights>> planned = new ArrayList<>();
        List<ThreadRights> captured = checkpoint.identity().threads();
        for (int i = 0; i < checkpoint.threads().size(); i++) {
            planned.add(captured.isEmpty() ? Optional.empty() : Optional.of(of(captured.get(i), i)));
        }
        return planned;
    }

    private PlannedRights of(ThreadRights rights, int thread) throws PlanException {
        PlannedRights planned = known.get(rights);
        if (planned == null) {
            planned = new PlannedRights(
                    rights.capabilities(),
                    ofLaunch ? 0 : chosen(rights),
                    !ofLaunch,
                    rights.effectiveUser() == 0 && !rights.otherUsers(),
                    rights.noNewPrivileges(),
                    rights.ioPriority(),
                    rights.policy(),
                    rights.groups(),
                    rights.strictSeccomp(),
                    filters(rights, checkpoint.threads().get(thread).ownTid()));
            known.put(rights, planned);
        }
        return planned;
    }

    /**
     * Returns the capabilities that the program has because it wanted to: those that another user than root has, and those that
     * were left to root when it gave up others. All that its bounding set admits, root has without asking.
     */
    private static long chosen(ThreadRights rights) {
        Capabilities capabilities = rights.capabilities();
        boolean unasked = rights.effectiveUser() == 0 && capabilities.permitted() == capabilities.bounding();
        return unasked ? 0 : capabilities.permitted();
    }

    private List<PlannedFilter> filters(ThreadRights rights, int tid) throws PlanException {
        List<PlannedFilter> planned = new ArrayList<>();
        List<FilterProgram> before = new ArrayList<>();
        for (SeccompFilter filter : rights.filters()) {
            boolean bySeccomp = allowed(before, SECCOMP, SECCOMP_SET_MODE_FILTER, filter.flags());
            if (!bySeccomp && (filter.flags() != 0 || !allowed(before, PRCTL, PR_SET_SECCOMP, SECCOMP_MODE_FILTER))) {
                throw new PlanException("thread " + tid + " runs under " + rights.filters().size() + " seccomp filters, of which"
                        + " number " + (planned.size() + 1) + " cannot be set again: those before it forbid the call for that");
            }
            planned.add(new PlannedFilter(filter, !bySeccomp));
            before.add(new FilterProgram(filter));
        }
        if (!allowed(before, RT_SIGRETURN)) {
            throw new PlanException("thread " + tid + " runs under a seccomp filter that forbids rt_sigreturn, the call by which a"
                    + " launch gives a thread its registers: it cannot be brought back");
        }
        boolean maySet = rights.noNewPrivileges() || has(rights.capabilities().effective(), CAP_SYS_ADMIN);
        if (!planned.isEmpty() && !maySet) {
            throw new PlanException("thread " + tid + " runs under seccomp filters that were set with CAP_SYS_ADMIN, which it has"
                    + " given up since, without no_new_privs: a launch could not set them again");
        }
        return planned;
    }

    private boolean allowed(List<FilterProgram> filters, int number, long... arguments) throws PlanException {
        for (FilterProgram filter : filters) {
            if (!filter.allows(number, stub, arguments)) {
                return false;
            }
        }
        return true;
    }

    private static boolean has(long set, int capability) {
        return (set >>> capability & 1) != 0;
    }
}

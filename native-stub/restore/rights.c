// SPDX-License-Identifier: Apache-2.0
/*
 * What the process may do. User and group are the launch's. Of the rest a launch takes up what it has in common with the
 * program: capabilities that the program had given up are given up again, those that the launch lacks stay away.
 *
 * Rule for changes: what a thread cannot get back is given up last, for all other steps may need it; the leader does it for
 * all where no thread needs it to set itself up.
 */
#include "restore/stub.h"

#define LAST_CAPABILITY 63
#define OOM_FILE "/proc/self/oom_score_adj"

static bool has(uint64_t set, uint32_t capability)
{
    return (set >> capability & 1) != 0;
}

bool capabilities_set(const struct stub_rights *rights)
{
    const struct abi_capability_header header = {.version = ABI_CAPABILITY_VERSION};
    struct abi_capability_data data[2];

    for (uint32_t i = 0; i < 2; i++) {
        data[i].effective = (uint32_t)(rights->effective >> 32 * i);
        data[i].permitted = (uint32_t)(rights->permitted >> 32 * i);
        data[i].inheritable = (uint32_t)(rights->inheritable >> 32 * i);
    }
    return !is_error(sys_set_capabilities(&header, data));
}

/* ---- before the point of no return ---- */

void rights_learn(struct stub_state *state)
{
    const struct abi_capability_header header = {.version = ABI_CAPABILITY_VERSION};
    const struct image_rights *planned = rights_of(state->plan, plan_at(state->plan, state->plan->threads.offset));
    struct stub_rights *now = &state->rights;
    struct abi_capability_data data[2] = {{0, 0, 0}, {0, 0, 0}};

    sys_get_capabilities(&header, data);
    now->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    now->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    now->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
    if (state->plan->filtered != 0)
        filters_check(state);
    if (planned == NULL)
        return;
    if ((planned->needed & ~now->permitted) != 0)
        rights_warn_missing(state, planned->needed & ~now->permitted);
    if (state->launch.is_root && planned->set_capabilities != 0 && planned->is_root == 0 &&
        (now->permitted & ~planned->permitted) != 0)
        stub_warn(state, "the program was not root's, so it goes on without root's capabilities; undump --rights launch makes"
                  " images that keep them");
}

/* ---- what is given up ---- */

static void set_groups(struct stub_state *state, const struct image_rights *planned)
{
    const uint32_t *groups = plan_at(state->plan, planned->groups.offset);
    uint64_t count = planned->groups.count;
    uint32_t *now = (uint32_t *)state->buffer;

    if (planned->set_groups == 0 || !has(state->rights.effective, ABI_CAP_SETGID))
        return;
    if (sys_getgroups(STUB_BUFFER_BYTES / sizeof(*now), now) == (int64_t)count && memcmp(now, groups, count * sizeof(*now)) == 0)
        return;
    sys_setgroups(count, groups); /* a user namespace may forbid it: a detail lost */
}

/* Sets of which the later programs get what they may have. Without CAP_SETPCAP they stay as they are. */
static void drop_bounding(const struct image_rights *planned)
{
    for (uint32_t capability = 0; capability <= LAST_CAPABILITY; capability++) {
        if (has(planned->bounding, capability))
            continue;
        if (is_error(sys_prctl(ABI_PR_CAPBSET_DROP, capability, 0, 0, 0)))
            return; /* the kernel has no such capability, nor a later one */
    }
}

/* The kernel takes away from the ambient set what is not inheritable and permitted any more. */
static void set_ambient(const struct image_rights *planned, const struct stub_rights *now, const struct stub_rights *then)
{
    uint64_t wanted = planned->ambient & then->permitted & then->inheritable;
    struct stub_rights between = *now;

    if ((now->inheritable & now->permitted) != 0)
        sys_prctl(ABI_PR_CAP_AMBIENT, ABI_PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (wanted == 0)
        return;
    between.inheritable |= then->inheritable;
    capabilities_set(&between);
    for (uint32_t capability = 0; capability <= LAST_CAPABILITY; capability++) {
        if (has(wanted, capability))
            sys_prctl(ABI_PR_CAP_AMBIENT, ABI_PR_CAP_AMBIENT_RAISE, capability, 0, 0);
    }
}

/* A program that was not root's got nothing when it executed another, so neither does it as root. */
static void set_securebits(struct stub_state *state, const struct image_rights *planned)
{
    uint32_t bits = planned->securebits;

    if (state->launch.is_root && planned->is_root == 0)
        bits |= ABI_SECBIT_NOROOT;
    if (bits == ABI_SECBIT_KEEP_CAPS)
        sys_prctl(ABI_PR_SET_KEEPCAPS, 1, 0, 0, 0);
    else if (bits != 0 && is_error(sys_prctl(ABI_PR_SET_SECUREBITS, bits, 0, 0, 0)) && state->rights.permitted != 0)
        stub_warn(state, "setting the program's securebits %x needs CAP_SETPCAP, which this launch has not", (uint64_t)bits);
}

static void give_up(struct stub_state *state, const struct image_rights *planned)
{
    const struct stub_rights *now = &state->rights;
    struct stub_rights then = {.permitted = now->permitted & planned->permitted,
                               .inheritable = (now->permitted | now->inheritable) & planned->inheritable};

    then.effective = then.permitted & planned->effective;
    if (has(now->effective, ABI_CAP_SETPCAP))
        drop_bounding(planned);
    set_ambient(planned, now, &then);
    set_securebits(state, planned);
    if (then.permitted == now->permitted && then.effective == now->effective && then.inheritable == now->inheritable)
        return;
    if (capabilities_set(&then))
        return;
    then.inheritable &= now->inheritable; /* one that the launch's bounding set lacks cannot be added */
    if (!capabilities_set(&then))
        stub_fail(state, "giving up capabilities that the program had given up: the kernel refuses it");
}

/* ---- for all threads ---- */

static void set_oom_score(struct stub_state *state)
{
    int64_t wanted = state->plan->oom_score_adj;
    int64_t fd = wanted == 0 ? 0 : sys_open(OOM_FILE, ABI_O_WRONLY | ABI_O_CLOEXEC);
    int64_t result = fd;

    if (wanted == 0)
        return;
    if (!is_error(fd)) {
        state->line.length = 0;
        line_append(&state->line, "%d", wanted);
        result = sys_write((int)fd, state->line.bytes, state->line.length);
        sys_close((int)fd);
    }
    if (is_error(result))
        stub_warn(state, "setting the program's oom_score_adj %d: %e; that of this launch stays", wanted, result);
}

/* Priorities are set by threads themselves, and may need capabilities; so may filters, which are set at the very end. What a
 * thread may have to say it says before the leader goes on. */
static bool acts_by_itself(const struct image_rights *planned, const struct image_thread *thread)
{
    return thread->set_scheduling != 0 || planned->io_priority != 0 || planned->set_policy != 0 ||
           (planned->filters.count != 0 && planned->no_new_privs == 0);
}

void rights_begin(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct image_thread *leader = plan_at(plan, plan->threads.offset);
    const struct image_rights *planned = rights_of(plan, leader);

    set_oom_score(state);
    state->rights_are_common = true;
    if (planned == NULL)
        return;
    set_groups(state, planned);
    for_each_record(thread, image_thread, plan, plan->threads) {
        if (thread->rights != leader->rights || acts_by_itself(planned, thread))
            state->rights_are_common = false;
    }
    if (state->rights_are_common && planned->set_capabilities != 0)
        give_up(state, planned);
}

/* ---- by each thread for itself ---- */

static void set_io_priority(struct stub_state *state, const struct image_thread *thread, uint32_t wanted)
{
    const uint32_t substitute = ABI_IOPRIO_CLASS_BEST_EFFORT << ABI_IOPRIO_CLASS_SHIFT;
    int64_t result = wanted == 0 ? 0 : sys_set_io_priority(wanted);

    if (!is_error(result))
        return;
    if (wanted >> ABI_IOPRIO_CLASS_SHIFT == ABI_IOPRIO_CLASS_REALTIME)
        sys_set_io_priority(substitute);
    if (__atomic_exchange_n(&state->warned_scheduling, 1, __ATOMIC_RELAXED) == 0)
        stub_warn(state, "setting I/O priority %x of thread %u: %e; going on with what this launch may have", (uint64_t)wanted,
                  (uint64_t)thread->old_tid, result);
}

static void set_memory_policy(struct stub_state *state, const struct image_thread *thread, const struct image_rights *planned)
{
    int64_t result = 0;

    if (planned->set_policy != 0)
        result = sys_set_memory_policy(planned->policy, &planned->policy_nodes, 8 * sizeof(uint64_t) + 1);
    if (is_error(result) && __atomic_exchange_n(&state->warned_policy, 1, __ATOMIC_RELAXED) == 0)
        stub_warn(state, "setting memory policy %x for nodes %x of thread %u: %e; that of this launch stays",
                  (uint64_t)planned->policy, planned->policy_nodes, (uint64_t)thread->old_tid, result);
}

void rights_take(struct stub_state *state, const struct image_thread *thread)
{
    const struct image_plan *plan = state->plan;
    const struct image_thread *leader = plan_at(plan, plan->threads.offset);
    const struct image_rights *planned = rights_of(plan, thread);

    if (planned == NULL)
        return;
    set_io_priority(state, thread, planned->io_priority);
    set_memory_policy(state, thread, planned);
    if (planned->no_new_privs != 0 && plan->no_new_privs == 0)
        sys_prctl(ABI_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (state->rights_are_common || planned->set_capabilities == 0)
        return;
    if (thread->rights != leader->rights && planned->set_groups != 0 && has(state->rights.effective, ABI_CAP_SETGID))
        sys_setgroups(planned->groups.count, plan_at(plan, planned->groups.offset));
    give_up(state, planned);
}

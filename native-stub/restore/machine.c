// SPDX-License-Identifier: Apache-2.0
#include "restore/stub.h"

#include "restore/cpu.h"

#define LEAF_XSTATE 0xd
#define LEAF_EXTENDED 0x80000000

/* Asks the processor, or remembers. The last place is used again and again when there are more leaves than places. */
static const uint32_t *ask(struct stub_state *state, uint32_t leaf, uint32_t subleaf)
{
    struct stub_machine *machine = &state->machine;
    struct stub_cpuid *place;

    for (uint32_t i = 0; i < machine->answer_count; i++) {
        if (machine->answers[i].leaf == leaf && machine->answers[i].subleaf == subleaf)
            return machine->answers[i].registers;
    }
    if (machine->answer_count < STUB_ANSWERS)
        machine->answer_count++;
    place = &machine->answers[machine->answer_count - 1];
    place->leaf = leaf;
    place->subleaf = subleaf;
    cpu_ask(leaf, subleaf, place->registers);
    return place->registers;
}

bool machine_has_crc(struct stub_state *state)
{
    return (ask(state, 1, 0)[2] & CPUID_1_ECX_SSE42) != 0;
}

void machine_check_kernel(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    struct abi_utsname name;
    const char *release = name.fields[2];
    const char *next = release;
    uint32_t major, minor;
    int64_t result = sys_uname(&name);

    if (is_error(result))
        stub_fail(state, "asking for the kernel's release: %e", result);
    major = text_number(&next);
    next += *next == '.';
    minor = text_number(&next);
    if (major < plan->min_kernel_major || (major == plan->min_kernel_major && minor < plan->min_kernel_minor))
        stub_fail(state, "this image needs Linux %u.%u or newer, this is %s", (uint64_t)plan->min_kernel_major,
                  (uint64_t)plan->min_kernel_minor, release);
}

/* A leaf behind the last one is answered with the last one's bits (Intel SDM 2A, CPUID). Leaves up to 0xd and
 * 0x80000008 exist on every processor that has x86-64 and xsave, so the last one is asked for only for others. */
static bool leaf_exists(struct stub_state *state, uint32_t leaf)
{
    return leaf <= LEAF_XSTATE || leaf >= LEAF_EXTENDED || leaf <= ask(state, 0, 0)[0];
}

/* A line that names all that is missing, not only the first. */
static void check_features(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    struct stub_line *missing = &state->warning; /* nobody warns here */

    missing->length = 0;
    for_each_record(feature, image_cpu_feature, plan, plan->cpu_features) {
        bool exists = leaf_exists(state, feature->leaf);
        uint32_t found = exists ? ask(state, feature->leaf, feature->subleaf)[feature->reg] : 0;

        if ((found & feature->mask) != feature->mask)
            line_append(missing, "%s%s", missing->length == 0 ? "" : ", ", plan_string(plan, feature->name));
    }
    if (missing->length == 0)
        return;
    if (missing->length >= STUB_LINE_BYTES)
        missing->length = STUB_LINE_BYTES - 1;
    missing->bytes[missing->length] = '\0';
    stub_fail(state, "this processor lacks %s, which the program uses", missing->bytes);
}

/* Components have fixed sizes and stand in the order of their numbers; makers differ in the gaps that they leave (Intel
 * keeps MPX's, AMD does not), which the size of the whole shows. So the same components in the same size are the same
 * places, and the dearest questions need not be asked. */
static bool places_are_as_captured(const struct stub_state *state)
{
    return state->machine.xcr0 == state->plan->xcr0 && state->machine.xsave_size == state->plan->max_xsave_size;
}

/* Where the component is on this processor (CPUID 0xD, subleaf = component: eax size, ebx offset). */
static uint32_t ask_place(struct stub_state *state, const struct image_xstate_component *component)
{
    const uint32_t *answer = ask(state, LEAF_XSTATE, component->number);

    if (answer[0] != component->size)
        stub_fail(state, "this processor has xsave component %u of %u bytes, the program's has %u",
                  (uint64_t)component->number, (uint64_t)answer[0], (uint64_t)component->size);
    return answer[1];
}

static void find_places(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    struct stub_machine *machine = &state->machine;
    bool as_captured = places_are_as_captured(state);

    for_each_record(component, image_xstate_component, plan, plan->xstate_components) {
        struct xstate_place *place = &machine->places[machine->place_count];

        if (machine->place_count == XSTATE_PLACES_LIMIT)
            stub_fail(state, "the image uses more than %u xsave components", (uint64_t)XSTATE_PLACES_LIMIT);
        *place = (struct xstate_place){.number = component->number, .size = component->size, .from = component->offset};
        place->to = as_captured ? component->offset : ask_place(state, component);
        machine->places_moved |= place->from != place->to;
        machine->place_count++;
    }
}

static void check_xsave(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    uint64_t missing;
    uint32_t compacted;

    if ((ask(state, 1, 0)[2] & CPUID_1_ECX_OSXSAVE) == 0)
        stub_fail(state, "this processor or kernel has no xsave, which every image needs");
    state->machine.xcr0 = cpu_xcr0();
    missing = plan->xcr0 & ~state->machine.xcr0;
    if (missing != 0)
        stub_fail(state, "this kernel or processor does not enable xsave components %x, which the program uses", missing);
    state->machine.xsave_size = ask(state, LEAF_XSTATE, 0)[1];
    if (plan->max_xsave_size != 0 && state->machine.xsave_size > plan->max_xsave_size)
        stub_fail(state, "this processor's xsave area has %u bytes, the program's libraries reserve only %u",
                  (uint64_t)state->machine.xsave_size, (uint64_t)plan->max_xsave_size);
    if (plan->max_xsavec_size == 0)
        return;
    compacted = ask(state, LEAF_XSTATE, 1)[1];
    if (compacted > plan->max_xsavec_size)
        stub_fail(state, "this processor's compacted xsave area has %u bytes, the program's libraries reserve only %u",
                  (uint64_t)compacted, (uint64_t)plan->max_xsavec_size);
}

void machine_check_processor(struct stub_state *state)
{
    check_features(state);
    check_xsave(state);
    find_places(state);
}

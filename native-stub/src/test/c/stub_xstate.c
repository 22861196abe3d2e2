// SPDX-License-Identifier: Apache-2.0
/* Moving xsave components, and refusing areas that the kernel would not take. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "restore/xstate.c"

#include "src/test/c/support/expect.h"

#define ROOM 4096

static uint8_t area[ROOM] __attribute__((aligned(64)));
static uint8_t scratch[ROOM];

static struct xstate_software *software(void)
{
    return (void *)(area + XSTATE_SOFTWARE);
}

static void set_used(uint64_t used)
{
    memcpy(area + XSTATE_HEADER, &used, sizeof(used));
}

/* Components 0, 1, 2, 5 (64 bytes at 1088), 9 (8 bytes at 2688) with bytes of their number; size as on an Intel. */
static void fill(void)
{
    memset(area, 0, ROOM);
    memset(area + 160, 1, 256);
    memset(area + 576, 2, 256);
    memset(area + 1088, 5, 64);
    memset(area + 2688, 9, 8);
    *software() = (struct xstate_software){.magic1 = XSTATE_MAGIC1, .extended_size = 2700, .features = 0x2e7,
                                           .xstate_size = 2696};
    set_used(0x227);
    store32(area + 2696, XSTATE_MAGIC2);
}

static bool holds(uint32_t offset, uint32_t size, uint8_t value)
{
    for (uint32_t i = 0; i < size; i++) {
        if (area[offset + i] != value)
            return false;
    }
    return true;
}

static void components_move_also_over_each_other(void)
{
    struct xstate_place places[2] = {{.number = 5, .size = 64, .from = 1088, .to = 832},
                                     {.number = 9, .size = 8, .from = 2688, .to = 1092}};

    fill();
    expect(xstate_arrange(area, ROOM, places, 2, scratch) == 0, "arrange");
    expect(holds(160, 256, 1) && holds(576, 256, 2), "fixed places stay");
    expect(holds(832, 64, 5) && holds(1092, 8, 9) && holds(896, 196, 0), "moved, the rest is cleared");
    expect(software()->xstate_size == 1100 && software()->extended_size == 1104 && load32(area + 1100) == XSTATE_MAGIC2,
           "size shrinks");
    expect(software()->features == 0x227 && *(uint64_t *)(area + XSTATE_HEADER) == 0x227, "unlisted ones leave the mask");
    expect(xstate_is_sound(area, ROOM, 0x2e7), "the result is sound");
}

static void what_does_not_fit_is_refused(void)
{
    struct xstate_place place = {.number = 5, .size = 64, .from = 1088, .to = ROOM - 64};

    fill();
    expect(xstate_arrange(area, ROOM, &place, 1, scratch) == -ABI_ENOMEM, "no room for the second magic number");
    place.to = 0xfffffff0;
    expect(xstate_arrange(area, ROOM, &place, 1, scratch) == -ABI_ENOMEM, "far out");
    expect(holds(1088, 64, 5) && software()->xstate_size == 2696, "unchanged");
}

static void unsound_areas_are_seen(void)
{
    fill();
    expect(xstate_is_sound(area, ROOM, 0x2e7), "sound");
    expect(!xstate_is_sound(area, ROOM, 0x27), "component that is not enabled");
    expect(!xstate_is_sound(area, 2699, 0x2e7), "too large for its room");
    area[XSTATE_HEADER + 8] = 1;
    expect(!xstate_is_sound(area, ROOM, 0x2e7), "compacted");
    fill();
    area[XSTATE_MXCSR + 2] = 4;
    expect(!xstate_is_sound(area, ROOM, 0x2e7), "reserved MXCSR bit");
    fill();
    area[2696]++;
    expect(!xstate_is_sound(area, ROOM, 0x2e7), "second magic number");
    fill();
    software()->xstate_size = 0xffffffff;
    expect(!xstate_is_sound(area, ROOM, 0x2e7), "huge size");
    fill();
    software()->extended_size = 2696;
    expect(!xstate_is_sound(area, ROOM, 0x2e7), "extended size");
    fill();
    software()->magic1 = 0;
    expect(!xstate_is_sound(area, ROOM, 0x2e7), "first magic number");
}

int main(void)
{
    components_move_also_over_each_other();
    what_does_not_fit_is_refused();
    unsound_areas_are_seen();
    return failures != 0;
}

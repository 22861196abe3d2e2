// SPDX-License-Identifier: Apache-2.0
#include "restore/xstate.h"

#include "restore/abi.h"
#include "restore/bytes.h"

#define MXCSR_RESERVED UINT32_C(0xfffc0000) /* bits that no processor defines; setting one is a fault in XRSTOR */
#define AVX_NUMBER 2
#define AVX_PLACE 576 /* Intel SDM 1, 13.4.2; the same on all processors */
#define AVX_SIZE 256

static const struct xstate_software *software_of(const uint8_t *area)
{
    return (const struct xstate_software *)(area + XSTATE_SOFTWARE);
}

static uint32_t load32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

static void store32(uint8_t *bytes, uint32_t value)
{
    memcpy(bytes, &value, sizeof(value));
}

bool xstate_is_sound(const uint8_t *area, uint64_t room, uint64_t enabled)
{
    const uint64_t *header = (const uint64_t *)(area + XSTATE_HEADER);
    const struct xstate_software *software = software_of(area);

    if (room < XSTATE_LEGACY_BYTES + sizeof(uint32_t) || software->magic1 != XSTATE_MAGIC1)
        return false;
    if (software->xstate_size < XSTATE_LEGACY_BYTES || software->xstate_size > room - sizeof(uint32_t) ||
        software->extended_size < software->xstate_size + sizeof(uint32_t) || software->extended_size > room)
        return false;
    if (load32(area + software->xstate_size) != XSTATE_MAGIC2)
        return false;
    for (uint32_t i = 1; i < 8; i++) { /* XRSTOR faults on anything but the standard format */
        if (header[i] != 0)
            return false;
    }
    return (header[0] & ~(enabled | XSTATE_LEGACY_MASK)) == 0 &&
           (load32(area + XSTATE_MXCSR) & MXCSR_RESERVED) == 0;
}

int xstate_arrange(uint8_t *area, uint64_t room, const struct xstate_place *places, uint32_t count, uint8_t *scratch)
{
    struct xstate_software *software = (struct xstate_software *)(area + XSTATE_SOFTWARE);
    uint64_t captured = *(const uint64_t *)(area + XSTATE_HEADER);
    uint64_t mask = software->features & (XSTATE_LEGACY_MASK | UINT64_C(1) << AVX_NUMBER);
    uint64_t size = XSTATE_LEGACY_BYTES;
    uint64_t keep;

    if ((mask & UINT64_C(1) << AVX_NUMBER) != 0)
        size = AVX_PLACE + AVX_SIZE;
    keep = size; /* bytes at the start that stay where they are */
    for (uint32_t i = 0; i < count; i++) {
        mask |= UINT64_C(1) << places[i].number;
        if (places[i].to > room || places[i].size > room - places[i].to || places[i].size > room - places[i].from)
            return -ABI_ENOMEM;
        if (size < (uint64_t)places[i].to + places[i].size)
            size = (uint64_t)places[i].to + places[i].size;
    }
    if (size + sizeof(uint32_t) > room)
        return -ABI_ENOMEM;
    memcpy(scratch, area, room);
    memset(area + keep, 0, room - keep);
    for (uint32_t i = 0; i < count; i++)
        memcpy(area + places[i].to, scratch + places[i].from, places[i].size);
    *(uint64_t *)(area + XSTATE_HEADER) = captured & mask;
    software->features = mask;
    software->xstate_size = (uint32_t)size;
    software->extended_size = (uint32_t)(size + sizeof(uint32_t));
    store32(area + size, XSTATE_MAGIC2);
    return 0;
}

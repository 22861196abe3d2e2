// SPDX-License-Identifier: Apache-2.0
#include "restore/lazy_ranges.h"

#include "restore/abi.h"

#define WORD_BITS 64

const struct image_lazy_range *lazy_range_from(const struct image_lazy_range *ranges, uint64_t count, uint64_t address)
{
    uint64_t low = 0, high = count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (ranges[middle].address + ranges[middle].length > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low < count ? &ranges[low] : NULL;
}

bool lazy_touches(const struct image_resident *resident, uint64_t start, uint64_t end)
{
    const struct image_lazy_range *range = lazy_range_from(resident->ranges, resident->range_count, start);

    return range != NULL && range->address < end;
}

/* The bits of [first, last) that lie in the word of first; *ret_count how many these are. */
static uint64_t mask_of(uint64_t first, uint64_t last, uint64_t *ret_count)
{
    uint64_t shift = first % WORD_BITS;
    uint64_t count = WORD_BITS - shift < last - first ? WORD_BITS - shift : last - first;

    *ret_count = count;
    return (~UINT64_C(0) >> (WORD_BITS - count)) << shift;
}

static uint64_t *words_of(const struct image_resident *resident)
{
    return (uint64_t *)(resident->slot + IMAGE_DONE_BITS);
}

/* Goes through the bits of [start, end): sets them, or returns false at the first that is not set. */
static bool visit(const struct image_resident *resident, uint64_t start, uint64_t end, bool set)
{
    const struct image_lazy_range *range = lazy_range_from(resident->ranges, resident->range_count, start);
    const struct image_lazy_range *behind = resident->ranges + resident->range_count;

    for (; range != NULL && range < behind && range->address < end; range++) {
        uint64_t from = start > range->address ? start - range->address : 0;
        uint64_t to = end - range->address < range->length ? end - range->address : range->length;
        uint64_t last = range->first_page + to / STUB_PAGE;
        uint64_t count;

        for (uint64_t first = range->first_page + from / STUB_PAGE; first < last; first += count) {
            uint64_t mask = mask_of(first, last, &count);
            uint64_t *word = words_of(resident) + first / WORD_BITS;

            if (set)
                __atomic_or_fetch(word, mask, __ATOMIC_RELEASE);
            else if ((__atomic_load_n(word, __ATOMIC_ACQUIRE) & mask) != mask)
                return false;
        }
    }
    return true;
}

bool lazy_all_done(const struct image_resident *resident, uint64_t start, uint64_t end)
{
    return visit(resident, start, end, false);
}

void lazy_set_done(const struct image_resident *resident, uint64_t start, uint64_t end)
{
    visit(resident, start, end, true);
}

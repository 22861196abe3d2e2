/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "names.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_TEXTS 256

static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261u; /* FNV-1a */
    for (; *text; text++)
        value = (value ^ (uint8_t)*text) * 16777619u;
    return value;
}

/* Where the text stands, or the free place that it belongs to. */
static size_t place_of(const struct names *names, const char *text)
{
    size_t place = hash(text) & (names->place_count - 1);
    while (names->places[place] && strcmp(names->texts[names->places[place] - 1], text) != 0)
        place = (place + 1) & (names->place_count - 1);
    return place;
}

long names_find(const struct names *names, const char *text)
{
    return names->place_count ? (long)names->places[place_of(names, text)] - 1 : -1;
}

static bool grow(struct names *names)
{
    size_t capacity = names->capacity ? 2 * names->capacity : LEAST_TEXTS;
    char **texts = realloc(names->texts, capacity * sizeof(*texts));
    uint32_t *places = calloc(4 * capacity, sizeof(*places));
    if (texts)
        names->texts = texts;
    if (!texts || !places) {
        free(places);
        return false;
    }
    free(names->places);
    names->capacity = capacity;
    names->places = places;
    names->place_count = 4 * capacity;
    for (size_t i = 0; i < names->count; i++)
        places[place_of(names, texts[i])] = (uint32_t)i + 1;
    return true;
}

long names_add(struct names *names, const char *text, bool *ret_new)
{
    long found = names_find(names, text);
    if (ret_new)
        *ret_new = found < 0;
    if (found >= 0)
        return found;
    char *copy = strdup(text);
    if (!copy || (names->count == names->capacity && !grow(names))) {
        free(copy);
        names->failed = true;
        return -1;
    }
    names->texts[names->count] = copy;
    names->places[place_of(names, text)] = (uint32_t)names->count + 1;
    return (long)names->count++;
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->texts[i]);
    free(names->texts);
    free(names->places);
    *names = (struct names){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "memory_policy_text.h"

#include <stdlib.h>
#include <string.h>

#define LAST_NODE 63
/* linux/mempolicy.h; in the words of numa_maps, mm/mempolicy.c mpol_to_str() */
#define STATIC_NODES (1u << 15)
#define RELATIVE_NODES (1u << 14)
#define BALANCING (1u << 13)

static const struct {
    const char *word;
    uint32_t bits;
} MODES[] = {
    {"default", 0}, {"prefer (many)", 5}, {"prefer", 1}, {"bind", 2}, {"interleave", 3}, {"local", 4}, {"weighted interleave", 6},
}, FLAGS[] = {
    {"static", STATIC_NODES}, {"relative", RELATIVE_NODES}, {"balancing", BALANCING},
};

static bool parse_nodes(const char *text, uint64_t *ret_nodes)
{
    while (*text >= '0' && *text <= '9') {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (last > LAST_NODE || first > last)
            return false;
        for (unsigned long node = first; node <= last; node++)
            *ret_nodes |= UINT64_C(1) << node;
        text = *end == ',' ? end + 1 : end;
    }
    return *text == ' ' || *text == '\n' || *text == 0;
}

/* "bind=static:0-1,3 anon=1 …": mode, flags behind "=" with "|" between, nodes behind ":". */
bool parse_memory_policy(const char *text, uint32_t *ret_mode, uint64_t *ret_nodes)
{
    size_t length = 0;
    *ret_nodes = 0;
    for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]) && !length; i++) {
        length = strlen(MODES[i].word);
        if (strncmp(text, MODES[i].word, length) != 0 || !strchr(" \n=:", text[length]))
            length = 0;
        *ret_mode = MODES[i].bits;
    }
    if (!length)
        return false;
    text += length;
    while (*text == '=' || *text == '|') {
        size_t flag = 0, flags = sizeof(FLAGS) / sizeof(FLAGS[0]);
        text++;
        while (flag < flags && strncmp(text, FLAGS[flag].word, strlen(FLAGS[flag].word)) != 0)
            flag++;
        if (flag == flags)
            return false;
        *ret_mode |= FLAGS[flag].bits;
        text += strlen(FLAGS[flag].word);
    }
    return *text == ':' ? parse_nodes(text + 1, ret_nodes) : *text == ' ' || *text == '\n' || *text == 0;
}

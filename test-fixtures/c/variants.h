/* SPDX-License-Identifier: Apache-2.0 */
/* Fixtures of several variants that differ in what they set up and check. */
#ifndef UNDUMP_FIXTURE_VARIANTS_H
#define UNDUMP_FIXTURE_VARIANTS_H

#include "fixture.h"

struct variant {
    const char *name, *description;
    void (*set)(void), (*check)(void);
};

/* The whole of main: the variant that the first argument names. The list ends with one without a name. */
static inline int run_variant(int argc, char **argv, const struct variant *variants) {
    const struct variant *variant = variants;
    while (argc > 1 && variant->name && strcmp(variant->name, argv[1]) != 0)
        variant++;
    if (!variant->name)
        variant = variants; /* --describe */
    fixture_begin(argc, argv, variant->description);
    CHECK(argc == 1 || strcmp(argv[1], variant->name) == 0, "there is no variant %s", argv[1]);
    variant->set();
    ready_and_wait();
    variant->check();
    pass();
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* undump.h for the programs here: linked against the library, shared or static, or, with API_DLOPEN, found at run time. */
#ifndef UNDUMP_FIXTURE_API_H
#define UNDUMP_FIXTURE_API_H

#include "undump.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef API_DLOPEN
#include <dlfcn.h>

static inline void *api_find(const char *name)
{
    static void *library;
    if (!library)
        library = dlopen(getenv("API_LIBRARY"), RTLD_NOW);
    void *found = library ? dlsym(library, name) : NULL;
    if (!found) {
        printf("FAIL: %s: %s\n", name, dlerror());
        exit(1);
    }
    return found;
}

#define API(name) (*(__typeof__(&name))api_find(#name))
#else
#define API(name) name
#endif

#define CHECK(condition, ...)                                     \
    do {                                                          \
        if (!(condition)) {                                       \
            printf("FAIL: %s:%d: %s: ", __FILE__, __LINE__, #condition); \
            printf(__VA_ARGS__);                                  \
            printf("\n");                                         \
            exit(1);                                              \
        }                                                         \
    } while (0)

#endif

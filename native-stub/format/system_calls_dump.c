/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the names of the x86-64 system calls as a Java class.
 *
 * Method: the Makefile lists the names in SYSTEM_CALL_LIST as lines CALL(name), found by the preprocessor in
 * <asm/unistd_64.h>; their numbers are then the compiler's own answer. Output is by number.
 */
#include <asm/unistd_64.h>
#include <stddef.h>
#include <stdio.h>

enum { LIMIT = 1024 };

/* A number beyond the limit is a compile error. */
#define CALL(name) _Static_assert(__NR_##name < LIMIT, #name);
#include SYSTEM_CALL_LIST
#undef CALL

static const char *const names[LIMIT] = {
#define CALL(name) [__NR_##name] = #name,
#include SYSTEM_CALL_LIST
#undef CALL
};

int main(void)
{
    printf("// SPDX-License-Identifier: Apache-2.0\n"
           "package dev.undump.nativestub;\n\n"
           "/** Names of the x86-64 system calls; generated from {@code asm/unistd_64.h} at build time. */\n"
           "public final class SystemCallNames {\n\n"
           "    private SystemCallNames() {}\n\n"
           "    /** Returns the name of a system call; empty if the number was unknown when this was built. */\n"
           "    public static java.util.Optional<String> of(long number) {\n"
           "        String name = number == (int) number ? name((int) number) : null;\n"
           "        return java.util.Optional.ofNullable(name);\n"
           "    }\n\n"
           "    private static String name(int number) {\n"
           "        return switch (number) {\n");
    for (size_t number = 0; number < LIMIT; number++)
        if (names[number] != NULL)
            printf("            case %zu -> \"%s\";\n", number, names[number]);
    printf("            default -> null;\n"
           "        };\n"
           "    }\n"
           "}\n");
    return fflush(stdout) != 0 || ferror(stdout) != 0;
}

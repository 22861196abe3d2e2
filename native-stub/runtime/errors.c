/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime.h"

#include <stdarg.h>
#include <stdio.h>

static __thread char sentence[SENTENCE_BYTES];

int fail(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    return error;
}

void forget_failure(void)
{
    sentence[0] = '\0';
}

const char *undump_error(void)
{
    return sentence;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the payload. */
#ifndef UNDUMP_TEST_CHECKS_H
#define UNDUMP_TEST_CHECKS_H

#include <stdbool.h>

#include "payload.h"
#include "restore/sys.h"

#define shared ((volatile struct payload_data *)PAYLOAD_DATA)

_Noreturn void run_process(void);
_Noreturn void run_memory(void);
_Noreturn void run_lazy(void);

static inline _Noreturn void end(int status)
{
    sys_exit_group(status);
}

static inline void check(bool good, int number)
{
    if (!good)
        end(number);
}

#endif

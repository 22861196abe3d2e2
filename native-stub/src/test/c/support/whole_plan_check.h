/* SPDX-License-Identifier: Apache-2.0 */
/* All of the check of a plan, and what it uses, as part of a test program. */
#ifndef UNDUMP_TEST_WHOLE_PLAN_CHECK_H
#define UNDUMP_TEST_WHOLE_PLAN_CHECK_H

#include "arch/x86_64/restore/xstate.c"
#include "restore/crc32c.c"
#include "restore/lazy_ranges.c"
#include "restore/plan_check.c"
#include "restore/plan_check_asides.c"
#include "restore/plan_check_files.c"
#include "restore/plan_check_inputs.c"
#include "restore/plan_check_lazy.c"
#include "restore/plan_check_memory.c"
#include "restore/plan_check_outside.c"
#include "restore/plan_check_rights.c"
#include "restore/plan_check_sockets.c"
#include "restore/plan_check_threads.c"
#include "restore/plan_check_timers.c"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "observe.h"

#include <inttypes.h>

void run_end(struct run *run)
{
    if (run->end > run->start)
        fprintf(run->report, "%s %" PRIu64 " %" PRIu64 "\n", run->name, run->start, run->end - run->start);
    run->start = run->end = 0;
}

void run_add(struct run *run, uint64_t offset)
{
    if (run->end == run->start || offset != run->end) {
        run_end(run);
        run->start = offset;
    }
    run->end = offset + OBSERVE_PAGE;
}

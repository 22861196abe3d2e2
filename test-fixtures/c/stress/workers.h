/* SPDX-License-Identifier: Apache-2.0 */
/* All workers together: for the program itself, not for the kinds. */
#ifndef UNDUMP_STRESS_WORKERS_H
#define UNDUMP_STRESS_WORKERS_H

#include "stress.h"

void start_workers(void);
int worker_count(void);
/* Waits until every worker has made so many steps more. */
void await_steps(uint64_t steps);
void tell_workers_to_stop(void);
void join_workers(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_MEMORY_POLICY_TEXT_H
#define UNDUMP_CAPTURE_MEMORY_POLICY_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* The policy in a line of /proc/PID/numa_maps, behind the address, as set_mempolicy(2) takes it. Returns false when it is not
 * understood. */
bool parse_memory_policy(const char *text, uint32_t *ret_mode, uint64_t *ret_nodes);

#endif

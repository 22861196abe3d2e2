/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_FILTER_PROGRAM_H
#define UNDUMP_CAPTURE_FILTER_PROGRAM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether a seccomp filter lets a call through. False as well for instructions that the kernel does not admit in one
 * (kernel/seccomp.c, seccomp_check_filter()). */
bool filter_allows(const struct sock_filter *instructions, size_t count, const struct seccomp_data *call);

#endif

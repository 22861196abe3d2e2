/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_NAIVE_H
#define UNDUMP_NAIVE_H

#ifdef __cplusplus
extern "C" {
#endif

/* say_ready() calls it; a fixture whose threads use its memory before that does so itself. Works once. */
void naive_if_asked(void);

#ifdef __cplusplus
}
#endif

#endif

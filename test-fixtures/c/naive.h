/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_NAIVE_H
#define UNDUMP_NAIVE_H

#ifdef __cplusplus
extern "C" {
#endif

void naive_if_asked(void);

#ifdef __cplusplus
}
#endif

#endif

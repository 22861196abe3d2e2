/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_CODE_H
#define UNDUMP_CAPTURE_CODE_H

#include "state.h"

/* Searches the program's code for what inject.h needs; may run before the stop. Fills capture->gadgets. */
void find_code(struct capture *capture);

/* Whether that code still stands where it was found. */
bool check_code(const struct capture *capture);

#endif

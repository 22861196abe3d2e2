/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_INDEX_H
#define UNDUMP_CAPTURE_INDEX_H

#include "state.h"

/* Writes the index behind the data, and then the header, which makes the file a checkpoint. Returns 0 or -errno with
 * a line. */
int write_index(struct capture *capture);

#endif

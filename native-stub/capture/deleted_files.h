/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that have lost their name and that the program has open. Those that it has mapped shared, too, are memory files: what
 * is written through the one has to show in the other. The others are copied as they are.
 */
#ifndef UNDUMP_CAPTURE_DELETED_FILES_H
#define UNDUMP_CAPTURE_DELETED_FILES_H

#include "state.h"

/* Whether the program has the deleted file of a mapping open for writing. */
bool writes_deleted_file(const struct capture *capture, const struct mapping *mapping);

/* When all memory files are known. Returns 0 or -errno with a line. */
int settle_deleted_files(struct capture *capture);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets the signals of a descriptor: F_SETOWN, F_SETSIG, O_ASYNC, and what else uses them (dnotify). */
#ifndef UNDUMP_CAPTURE_FILE_OWNERS_H
#define UNDUMP_CAPTURE_FILE_OWNERS_H

#include "descriptors.h"

/* Notes the owner of one open file for the launch. Returns 0, or -ENOTSUP with a line when it is not the program itself. */
int describe_owner(struct capture *capture, const struct open_file *file, const struct ckpt_description *record);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_LAUNCHER_H
#define UNDUMP_CAPTURE_LAUNCHER_H

#include "options.h"

/* Runs options->program and captures it on request, until it ends. Returns the status to exit with; does not return
 * when the program died of a signal, which ckpt then dies of, too. */
int launch_program(const struct options *options);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_TLS_LIBRARY_H
#define UNDUMP_TLS_LIBRARY_H

/* The calling thread's own copies: a long that starts at 41, and 5000 bytes that start at zero. */
long *tls_library_counter(void);
char *tls_library_zeroed(void);

#endif

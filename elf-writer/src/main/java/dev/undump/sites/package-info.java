// SPDX-License-Identifier: Apache-2.0
/**
 * Finds the system calls in a captured program's code and routes those that lazy memory has to know about to the stub.
 *
 * <p>The face is {@link dev.undump.sites.SiteRewriter}. It claims nothing that it has not proven: what it cannot decide or
 * rewrite is listed in {@link dev.undump.sites.Coverage}, and then no memory may be lazy.
 */
package dev.undump.sites;

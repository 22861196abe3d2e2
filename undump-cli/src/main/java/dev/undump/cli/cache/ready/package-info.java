// SPDX-License-Identifier: Apache-2.0
/** When a program is warm: {@link dev.undump.cli.cache.ready.Readiness} is the face. */
package dev.undump.cli.cache.ready;

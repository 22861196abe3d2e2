// SPDX-License-Identifier: Apache-2.0
/** The commands of {@code undump cache}; {@link dev.undump.cli.cache.CacheCommand} is the face. */
package dev.undump.cli.cache;

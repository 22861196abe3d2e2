// SPDX-License-Identifier: Apache-2.0
/**
 * Caches on other machines: {@link dev.undump.cache.remote.RemoteStore} is the face, {@code docs/cache-remote.md} the protocols.
 */
package dev.undump.cache.remote;

// SPDX-License-Identifier: Apache-2.0
/** Names of cached content: {@link dev.undump.cache.Digest} is the value type that keys are made of. */
package dev.undump.cache;

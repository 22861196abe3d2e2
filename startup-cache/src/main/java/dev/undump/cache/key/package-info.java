// SPDX-License-Identifier: Apache-2.0
/**
 * What an image depends on, as a key: {@link dev.undump.cache.key.KeyBuilder} gathers parts, {@link dev.undump.cache.key.CacheKey} is
 * the written list of them and its digest, {@link dev.undump.cache.key.KeyChange} tells in words why two keys differ. {@code
 * docs/cache-format.md} says what each part is for.
 */
package dev.undump.cache.key;

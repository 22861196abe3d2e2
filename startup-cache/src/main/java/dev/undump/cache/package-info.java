// SPDX-License-Identifier: Apache-2.0
/**
 * Images that are found again: {@link dev.undump.cache.LocalStore} keeps them by key on a disk, {@code dev.undump.cache.key} makes the keys.
 * {@code docs/cache-format.md} describes both formats.
 */
package dev.undump.cache;

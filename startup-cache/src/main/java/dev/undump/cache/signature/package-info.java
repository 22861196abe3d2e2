// SPDX-License-Identifier: Apache-2.0
/** Who made an image: {@link dev.undump.cache.signature.SigningKey} signs, {@link dev.undump.cache.signature.TrustKeys} checks. */
package dev.undump.cache.signature;

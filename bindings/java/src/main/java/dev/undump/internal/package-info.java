// SPDX-License-Identifier: Apache-2.0
/** How the library does it; no API. */
package dev.undump.internal;

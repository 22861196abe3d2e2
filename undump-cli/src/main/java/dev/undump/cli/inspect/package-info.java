// SPDX-License-Identifier: Apache-2.0
/** What {@code undump inspect} shows, for people and as JSON; {@link dev.undump.cli.inspect.Inspection} is the face. */
package dev.undump.cli.inspect;

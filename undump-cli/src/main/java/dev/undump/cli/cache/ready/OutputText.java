// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.io.IOException;

/** Text that a program has written so far. */
@FunctionalInterface
public interface OutputText {

    /** Returns all of it, or as much of its end as is kept. */
    CharSequence text() throws IOException;
}

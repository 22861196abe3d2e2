// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;

/**
 * A number in a step that may depend on where the writer puts things. The planner says what is meant; the writer, who
 * knows the final layout, resolves it.
 */
public sealed interface PlanOffset {

    /** No number. */
    PlanOffset ZERO = new Plain(0);

    /** Behind the end of the image file: a page mapped there is a SIGBUS. */
    PlanOffset BEHIND_IMAGE = new BehindImage();

    /**
     * Returns the number that stands in the image.
     *
     * @param places the final layout
     */
    long resolve(Places places);

    /** The final layout, known to the writer alone. */
    interface Places {
        /** Image offset of the first byte of page data. */
        long dataStart();

        /** Page-aligned image offset behind the last byte of the image. */
        long behindImage();

        /** Plan offset of a zero-terminated string. */
        long text(NativeText text);
    }

    /** The number itself. */
    record Plain(long value) implements PlanOffset {
        @Override
        public long resolve(Places places) {
            return value;
        }
    }

    /** Bytes from the start of the page data. */
    record InData(long offset) implements PlanOffset {
        public InData {
            if (offset < 0) {
                throw new IllegalArgumentException("offset in page data is " + offset);
            }
        }

        @Override
        public long resolve(Places places) {
            return places.dataStart() + offset;
        }
    }

    /** A string of the plan. */
    record Text(NativeText text) implements PlanOffset {
        @Override
        public long resolve(Places places) {
            return text.isEmpty() ? 0 : places.text(text);
        }
    }

    /** See {@link #BEHIND_IMAGE}. */
    record BehindImage() implements PlanOffset {
        @Override
        public long resolve(Places places) {
            return places.behindImage();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/** A class that GreetingAgent changes when it is loaded. */
public final class Greeting {
    private Greeting() {}

    /**
     * Says whether an agent was there.
     *
     * @return one of two texts of the same length
     */
    public static String text() {
        return "as it was compiled";
    }
}

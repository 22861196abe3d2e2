// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

/** What is being done, how patiently, and what its failure means to the user. */
enum Operation {
    /** Somebody waits for the command. */
    FETCH("fetching", 2, "the command runs without that image"),
    /** In the background. */
    STORE("storing", 3, "the image stays in the local cache only");

    private final String doing;
    private final int attempts;
    private final String consequence;

    Operation(String doing, int attempts, String consequence) {
        this.doing = doing;
        this.attempts = attempts;
        this.consequence = consequence;
    }

    int attempts() {
        return attempts;
    }

    RemoteFailure failure(RemoteFailure.Kind kind, String address, String problem, Throwable cause) {
        return new RemoteFailure(kind, doing + ' ' + address + ": " + problem, consequence, cause);
    }
}

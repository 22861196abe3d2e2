// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

/**
 * The program itself, and nobody else, listens at a TCP port, of whatever address.
 *
 * @param port from 1 to 65535
 */
public record ListeningPort(int port) implements Readiness {

    @Override
    public String word() {
        return "listen:" + port;
    }

    @Override
    public Watch watch(WatchedProgram program, String before) {
        return () -> program.listensAt(port);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A descriptor that an epoll instance watches.
 *
 * @param openFile the epoll instance, index into {@link Checkpoint#openFiles()}
 * @param fd watched descriptor
 * @param events {@code EPOLL*} bits
 * @param data {@code epoll_data}
 */
public record EpollItem(int openFile, int fd, int events, long data) {

    public EpollItem {
        Checks.notNegative("index of the epoll instance", openFile);
        Checks.notNegative("watched descriptor", fd);
    }
}

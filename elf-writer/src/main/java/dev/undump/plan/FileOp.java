// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * One step that builds the descriptor table, {@code struct image_file_op}.
 *
 * @param kind what to do
 * @param fd the descriptor that results, or that is worked on; {@code IMAGE_ASIDE_FIRST} and below: one of the stub's own
 * @param openFlags O_*; O_CLOEXEC only for what F_GETFL tells
 * @param closeOnExec FD_CLOEXEC
 * @param path empty for kinds without a name
 * @param offset file position
 * @param values four numbers by kind, see the format
 */
public record FileOp(
        Kind kind, int fd, int openFlags, boolean closeOnExec, NativeText path, long offset, List<PlanOffset> values) {

    private static final int VALUES = 4;

    /** Codes of {@code IMAGE_FILE_*}. */
    public enum Kind {
        /** {@code IMAGE_FILE_OPEN}. */
        OPEN(ImageLayout.FILE_OPEN),
        /** {@code IMAGE_FILE_DUPLICATE}. */
        DUPLICATE(ImageLayout.FILE_DUPLICATE),
        /** {@code IMAGE_FILE_INHERIT}. */
        INHERIT(ImageLayout.FILE_INHERIT),
        /** {@code IMAGE_FILE_DELETED}. */
        DELETED(ImageLayout.FILE_DELETED),
        /** {@code IMAGE_FILE_PIPE}. */
        PIPE(ImageLayout.FILE_PIPE),
        /** {@code IMAGE_FILE_PIPE_WRITER}. */
        PIPE_WRITER(ImageLayout.FILE_PIPE_WRITER),
        /** {@code IMAGE_FILE_EVENTFD}. */
        EVENTFD(ImageLayout.FILE_EVENTFD),
        /** {@code IMAGE_FILE_EPOLL}. */
        EPOLL(ImageLayout.FILE_EPOLL),
        /** {@code IMAGE_FILE_EPOLL_ADD}. */
        EPOLL_ADD(ImageLayout.FILE_EPOLL_ADD),
        /** {@code IMAGE_FILE_TIMERFD}. */
        TIMERFD(ImageLayout.FILE_TIMERFD),
        /** {@code IMAGE_FILE_SIGNALFD}. */
        SIGNALFD(ImageLayout.FILE_SIGNALFD),
        /** {@code IMAGE_FILE_TERMINAL}. */
        TERMINAL(ImageLayout.FILE_TERMINAL),
        /** {@code IMAGE_FILE_TERMINAL_MODES}. */
        TERMINAL_MODES(ImageLayout.FILE_TERMINAL_MODES),
        /** {@code IMAGE_FILE_PIPE_DATA}. */
        PIPE_DATA(ImageLayout.FILE_PIPE_DATA),
        /** {@code IMAGE_FILE_CLOSE}. */
        CLOSE(ImageLayout.FILE_CLOSE),
        /** {@code IMAGE_FILE_MEMFD}. */
        MEMFD(ImageLayout.FILE_MEMFD),
        /** {@code IMAGE_FILE_MEMFD_DATA}. */
        MEMFD_DATA(ImageLayout.FILE_MEMFD_DATA),
        /** {@code IMAGE_FILE_MEMFD_OPEN}. */
        MEMFD_OPEN(ImageLayout.FILE_MEMFD_OPEN),
        /** {@code IMAGE_FILE_LOCK}. */
        LOCK(ImageLayout.FILE_LOCK),
        /** {@code IMAGE_FILE_INOTIFY}. */
        INOTIFY(ImageLayout.FILE_INOTIFY),
        /** {@code IMAGE_FILE_WATCH}. */
        WATCH(ImageLayout.FILE_WATCH),
        /** {@code IMAGE_FILE_WATCH_MASK}. */
        WATCH_MASK(ImageLayout.FILE_WATCH_MASK),
        /** {@code IMAGE_FILE_PIDFD}. */
        PIDFD(ImageLayout.FILE_PIDFD),
        /** {@code IMAGE_FILE_QUEUE}. */
        QUEUE(ImageLayout.FILE_QUEUE),
        /** {@code IMAGE_FILE_EPOLL_SPENT}. */
        EPOLL_SPENT(ImageLayout.FILE_EPOLL_SPENT),
        /** {@code IMAGE_FILE_TIMERFD_AT}. */
        TIMERFD_AT(ImageLayout.FILE_TIMERFD_AT),
        /** {@code IMAGE_FILE_SEGMENT}. */
        SEGMENT(ImageLayout.FILE_SEGMENT),
        /** {@code IMAGE_FILE_SEGMENT_DATA}. */
        SEGMENT_DATA(ImageLayout.FILE_SEGMENT_DATA),
        /** {@code IMAGE_FILE_SEMAPHORE}. */
        SEMAPHORE(ImageLayout.FILE_SEMAPHORE),
        /** {@code IMAGE_FILE_SOCKET}. */
        SOCKET(ImageLayout.FILE_SOCKET),
        /** {@code IMAGE_FILE_SOCKET_PAIR}. */
        SOCKET_PAIR(ImageLayout.FILE_SOCKET_PAIR),
        /** {@code IMAGE_FILE_SOCKET_END}. */
        SOCKET_END(ImageLayout.FILE_SOCKET_END),
        /** {@code IMAGE_FILE_SOCKET_DATA}. */
        SOCKET_DATA(ImageLayout.FILE_SOCKET_DATA),
        /** {@code IMAGE_FILE_SOCKET_OPTION}. */
        SOCKET_OPTION(ImageLayout.FILE_SOCKET_OPTION),
        /** {@code IMAGE_FILE_SOCKET_BIND}. */
        SOCKET_BIND(ImageLayout.FILE_SOCKET_BIND),
        /** {@code IMAGE_FILE_SOCKET_CONNECT}. */
        SOCKET_CONNECT(ImageLayout.FILE_SOCKET_CONNECT),
        /** {@code IMAGE_FILE_SOCKET_LISTEN}. */
        SOCKET_LISTEN(ImageLayout.FILE_SOCKET_LISTEN),
        /** {@code IMAGE_FILE_SOCKET_SHUTDOWN}. */
        SOCKET_SHUTDOWN(ImageLayout.FILE_SOCKET_SHUTDOWN),
        /** {@code IMAGE_FILE_SOCKET_RESET}. */
        SOCKET_RESET(ImageLayout.FILE_SOCKET_RESET),
        /** {@code IMAGE_FILE_FIFO}. */
        FIFO(ImageLayout.FILE_FIFO),
        /** {@code IMAGE_FILE_PIPE_OPEN}. */
        PIPE_OPEN(ImageLayout.FILE_PIPE_OPEN),
        /** {@code IMAGE_FILE_OWNER}. */
        OWNER(ImageLayout.FILE_OWNER);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** The number in the image. */
        public int code() {
            return code;
        }
    }

    public FileOp {
        values = List.copyOf(values);
        if (values.size() != VALUES) {
            throw new IllegalArgumentException("file step has " + values.size() + " values");
        }
    }

    static FileOp of(Kind kind, int fd, int openFlags, boolean closeOnExec, PlanOffset... values) {
        return new FileOp(kind, fd, openFlags, closeOnExec, NativeText.EMPTY, 0, fill(values));
    }

    FileOp withPath(NativeText newPath) {
        return new FileOp(kind, fd, openFlags, closeOnExec, newPath, offset, values);
    }

    FileOp withOffset(long newOffset) {
        return new FileOp(kind, fd, openFlags, closeOnExec, path, newOffset, values);
    }

    static PlanOffset number(long value) {
        return new PlanOffset.Plain(value);
    }

    private static List<PlanOffset> fill(PlanOffset... values) {
        List<PlanOffset> filled = new ArrayList<>(List.of(values));
        while (filled.size() < VALUES) {
            filled.add(PlanOffset.ZERO);
        }
        return filled;
    }
}

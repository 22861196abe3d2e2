// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/** What Java lacks of the C library; names, parameters and numbers as in its headers. */
interface CLibrary extends Library {

    int O_RDONLY = 0;
    int O_CLOEXEC = 02000000;
    int MFD_CLOEXEC = 1;
    int MFD_EXEC = 0x10;
    int F_SETFD = 2;
    int FD_CLOEXEC = 1;
    int SIG_SETMASK = 2;
    long SIG_IGN = 1;
    int PRIO_PROCESS = 0;
    int TIOCGWINSZ = 0x5413;
    int ENOENT = 2;
    int EACCES = 13;
    int EINVAL = 22;

    int open(byte[] path, int flags, Object... mode) throws LastErrorException;

    int close(int fd) throws LastErrorException;

    /** Returns 1 or 0; 0 with errno set is no error for us. */
    int isatty(int fd);

    int ioctl(int fd, long request, WindowSize size);

    /** A descriptor that is not open any more is no error for us. */
    int fcntl(int fd, int command, Object... argument);

    int memfd_create(String name, int flags) throws LastErrorException;

    /** Returns only by an exception. */
    int fexecve(int fd, Pointer arguments, Pointer environment) throws LastErrorException;

    /** Returns only by an exception. Looks for a name without a slash where PATH says. */
    int execvp(byte[] file, Pointer arguments) throws LastErrorException;

    /** The words are changed in the environment that execution passes on. */
    int setenv(String name, String value, int overwrite);

    int unsetenv(String name);

    Pointer signal(int number, Pointer action);

    int sigprocmask(int how, Pointer mask, Pointer before);

    int setpriority(int which, int who, int priority);

    String strerror(int number);

    /** Loads the library of the running process. */
    static CLibrary load() {
        return Native.load("c", CLibrary.class);
    }

    /** {@code struct winsize} of ioctl_tty(2). */
    @FieldOrder({"rows", "columns", "horizontalPixels", "verticalPixels"})
    final class WindowSize extends Structure {
        public short rows;
        public short columns;
        public short horizontalPixels;
        public short verticalPixels;
    }
}

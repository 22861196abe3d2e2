// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.undump.cli.FailureReport.CommandFailure;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An executable file that is held open, whatever becomes of its name, and can take the place of this process.
 *
 * <p>Where the file lies on a file system that forbids execution, the bytes go to anonymous memory of the kernel first.
 */
public final class ReplacementProgram implements Closeable {

    private final CLibrary library;
    private final String name;
    private int fd;

    private ReplacementProgram(CLibrary library, String name, int fd) {
        this.library = library;
        this.name = name;
        this.fd = fd;
    }

    /**
     * Opens a program.
     *
     * @throws CommandFailure if it cannot be opened
     */
    public static ReplacementProgram open(Path file) {
        CLibrary library = CLibrary.load();
        byte[] path = (file + "\0").getBytes(charset());
        try {
            int fd = library.open(path, CLibrary.O_RDONLY | CLibrary.O_CLOEXEC);
            return new ReplacementProgram(library, file.getFileName().toString(), fd);
        } catch (LastErrorException e) {
            throw new CommandFailure("opening " + file + ": " + library.strerror(e.getErrorCode()));
        }
    }

    /**
     * Replaces this process; returns only by an exception. Of its descriptors, the standard ones stay and those that the JVM
     * itself was given; signals are as it found them.
     *
     * @param arguments behind the name of the program
     */
    void execute(List<String> arguments) throws IOException {
        List<byte[]> words = new ArrayList<>();
        words.add(name.getBytes(charset()));
        arguments.forEach(argument -> words.add(argument.getBytes(charset())));
        executeAs(words);
    }

    /**
     * The same with a name of the caller's choice.
     *
     * @param words as the kernel takes them, the name of the program first
     */
    public void executeAs(List<byte[]> words) throws IOException {
        System.out.flush();
        System.err.flush();
        NativeWords arguments = new NativeWords(words);
        GivenState.restore(library);
        try {
            replace(arguments);
        } catch (LastErrorException e) {
            if (e.getErrorCode() != CLibrary.EACCES) {
                throw failure(e);
            }
            moveToMemory();
            try {
                replace(arguments);
            } catch (LastErrorException again) {
                throw failure(again);
            }
        }
    }

    @Override
    public void close() {
        library.close(fd);
    }

    private void replace(NativeWords arguments) {
        Pointer environment = NativeLibrary.getInstance("c").getGlobalVariableAddress("environ").getPointer(0);
        library.fexecve(fd, arguments.pointer(), environment);
    }

    private void moveToMemory() throws IOException {
        int memory = createMemory();
        Path source = Path.of("/proc/self/fd/" + fd);
        // Closed before the execution: the kernel runs no file that somebody has open for writing.
        try (FileChannel from = FileChannel.open(source, StandardOpenOption.READ);
                FileChannel to = FileChannel.open(Path.of("/proc/self/fd/" + memory), StandardOpenOption.WRITE)) {
            long position = 0;
            while (position < from.size()) {
                position += from.transferTo(position, from.size() - position, to);
            }
        }
        library.close(fd);
        fd = memory;
    }

    /** Asks for executable memory in words that kernels since 6.3 want and older ones do not know. */
    private int createMemory() {
        try {
            return library.memfd_create(name, CLibrary.MFD_CLOEXEC | CLibrary.MFD_EXEC);
        } catch (LastErrorException e) {
            if (e.getErrorCode() != CLibrary.EINVAL) {
                throw failure(e);
            }
        }
        try {
            return library.memfd_create(name, CLibrary.MFD_CLOEXEC);
        } catch (LastErrorException e) {
            throw failure(e);
        }
    }

    /**
     * Replaces this process by a program that is found as a shell finds it; returns only by an exception, whose message says why.
     *
     * @param file its name, or its path if that has a slash
     * @param words as the kernel takes them, the name of the program first
     */
    public static void executeFound(byte[] file, List<byte[]> words) throws IOException {
        System.out.flush();
        System.err.flush();
        CLibrary library = CLibrary.load();
        NativeWords arguments = new NativeWords(words);
        byte[] path = Arrays.copyOf(file, file.length + 1);
        GivenState.restore(library);
        try {
            library.execvp(path, arguments.pointer());
        } catch (LastErrorException e) {
            String why = e.getErrorCode() == CLibrary.ENOENT ? "not found" : library.strerror(e.getErrorCode());
            throw new IOException(why, e);
        }
    }

    /** Takes a variable out of the environment of what replaces this process. */
    public static void unsetVariable(String name) {
        CLibrary.load().unsetenv(name);
    }

    /** Returns what LC_ALL was, perhaps empty, where the launcher of undump has set it for itself. */
    public static Optional<String> givenLocale() {
        return GivenState.locale();
    }

    /** Sets the nice value of this process's present and coming threads, as far as that is allowed. */
    public static void setPriority(int nice) {
        CLibrary library = CLibrary.load();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                library.setpriority(CLibrary.PRIO_PROCESS, Integer.parseInt(thread.getFileName().toString()), nice);
            }
        } catch (IOException e) {
            // It works all the same, only less modestly.
            library.setpriority(CLibrary.PRIO_PROCESS, 0, nice);
        }
    }

    private CommandFailure failure(LastErrorException e) {
        return new CommandFailure("starting " + name + ": " + library.strerror(e.getErrorCode()));
    }

    private static Charset charset() {
        return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    }
}

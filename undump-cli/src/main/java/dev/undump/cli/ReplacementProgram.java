// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
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
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An executable file that is held open, whatever becomes of its name, and can take the place of this process.
 *
 * <p>Where the file lies on a file system that forbids execution, the bytes go to anonymous memory of the kernel first.
 */
final class ReplacementProgram implements Closeable {

    private static final String GIVEN_DESCRIPTORS = "undump.descriptors";
    private static final int LAST_STANDARD = 2;

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
    static ReplacementProgram open(Path file) {
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
     * itself was given.
     *
     * @param arguments behind the name of the program
     */
    void execute(List<String> arguments) throws IOException {
        System.out.flush();
        System.err.flush();
        closeOthersAtExecution();
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

    private void replace(List<String> arguments) {
        List<String> all = new ArrayList<>();
        all.add(name);
        all.addAll(arguments);
        StringArray argv = new StringArray(all.toArray(String[]::new), charset().name());
        Pointer environment = NativeLibrary.getInstance("c").getGlobalVariableAddress("environ").getPointer(0);
        library.fexecve(fd, argv, environment);
    }

    /** The JVM leaves some of its own files open across execution: jars, random devices. */
    private void closeOthersAtExecution() throws IOException {
        Set<Integer> given = givenDescriptors();
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path entry : open) {
                int number = Integer.parseInt(entry.getFileName().toString());
                if (number > LAST_STANDARD && !given.contains(number)) {
                    library.fcntl(number, CLibrary.F_SETFD, CLibrary.FD_CLOEXEC);
                }
            }
        }
    }

    /** The launcher tells in a property, numbers with blanks between. */
    private static Set<Integer> givenDescriptors() {
        return Arrays.stream(System.getProperty(GIVEN_DESCRIPTORS, "").split(" "))
                .filter(word -> !word.isEmpty())
                .map(Integer::valueOf)
                .collect(Collectors.toSet());
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

    private CommandFailure failure(LastErrorException e) {
        return new CommandFailure("starting " + name + ": " + library.strerror(e.getErrorCode()));
    }

    private static Charset charset() {
        return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    }
}

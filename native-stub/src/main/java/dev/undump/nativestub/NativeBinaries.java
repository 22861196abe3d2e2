// SPDX-License-Identifier: Apache-2.0
package dev.undump.nativestub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Hands out the native programs that were built together with this class and travel in the same jar.
 *
 * <p>The bytes come from the class path, never from a path that was fixed at build time, so that an installed tree and a
 * built checkout behave the same.
 */
public final class NativeBinaries {

    private static final String FOLDER = "/META-INF/undump/x86_64/";
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_MAY_EXECUTE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private NativeBinaries() {}

    /**
     * Returns the restore stub, an ELF executable without relocations.
     *
     * @return a new array at each call
     * @throws IOException if the class path entry that holds it cannot be read
     * @throws IllegalStateException if this build carries no stub
     */
    public static byte[] stub() throws IOException {
        return read("stub.elf");
    }

    /**
     * Writes the restore stub to a new file.
     *
     * @param directory an existing directory, in which {@code stub.elf} does not exist
     * @return the written file
     * @throws IOException if the file cannot be written
     */
    public static Path stubElf(Path directory) throws IOException {
        return write("stub.elf", directory);
    }

    /**
     * Writes the capture program to a new file that its owner may execute.
     *
     * @param directory an existing directory, in which {@code ckpt} does not exist and from which programs may run
     * @return the written file
     * @throws IOException if the file cannot be written
     */
    public static Path ckpt(Path directory) throws IOException {
        return write("ckpt", directory);
    }

    /**
     * Writes the program that observes an image's launch to a new file that its owner may execute.
     *
     * @param directory an existing directory, in which {@code observe} does not exist and from which programs may run
     * @return the written file
     * @throws IOException if the file cannot be written
     */
    public static Path observe(Path directory) throws IOException {
        return write("observe", directory);
    }

    private static Path write(String name, Path directory) throws IOException {
        Path file = Files.createFile(directory.resolve(name), OWNER_MAY_EXECUTE);
        Files.write(file, read(name));
        return file;
    }

    private static byte[] read(String name) throws IOException {
        try (InputStream content = NativeBinaries.class.getResourceAsStream(FOLDER + name)) {
            if (content == null) {
                throw new IllegalStateException("the class path lacks " + FOLDER + name + ": build native-stub with Maven");
            }
            return content.readAllBytes();
        }
    }
}

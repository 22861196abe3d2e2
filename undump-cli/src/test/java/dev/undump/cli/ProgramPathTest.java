// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramPathTest {

    @TempDir
    private Path folder;

    @Test
    void find_word_isTheFirstProgramOfThatName() throws Exception {
        Path first = Files.createDirectory(folder.resolve("first"));
        Path second = Files.createDirectory(folder.resolve("second"));
        Files.writeString(first.resolve("tool"), "cannot be run");
        Files.createDirectory(first.resolve("other"));
        Path tool = Files.writeString(second.resolve("tool"), "#!/bin/sh\n");
        Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwx------"));
        assertThat(ProgramPath.find("tool", first + ":" + second)).contains(tool);
        assertThat(ProgramPath.find("other", first + ":" + second)).isEmpty();
        assertThat(ProgramPath.find("", first + ":" + second)).isEmpty();
    }

    @Test
    void find_path_isThatFile() {
        assertThat(ProgramPath.find("/bin/sh", "")).contains(Path.of("/bin/sh"));
        assertThat(ProgramPath.find("/bin/no-such", "/bin")).isEmpty();
    }
}

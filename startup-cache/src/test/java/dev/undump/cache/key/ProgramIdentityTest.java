// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.undump.cache.Digest;
import dev.undump.cache.FileDigests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramIdentityTest {

    @TempDir
    Path folder;

    private Path script(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    private Map<String, String> identity(Path program, String... arguments) throws IOException {
        List<String> words = new java.util.ArrayList<>(List.of(program.toString()));
        words.addAll(List.of(arguments));
        Map<String, String> parts = new TreeMap<>();
        ProgramIdentity.of(words, program, Optional.of(folder + ":/usr/bin:/bin"), folder, FileDigests.unremembered())
                .forEach(part -> parts.put(part.name(), part.value()));
        return parts;
    }

    private static String digest(Path file) throws IOException {
        return Digest.of(Files.readAllBytes(file)).hex();
    }

    @Test
    void of_anElfFile_namesLoaderAndLibrary() throws IOException {
        Path program = Files.createSymbolicLink(folder.resolve("link"), Path.of("/bin/cat"));

        Map<String, String> parts = identity(program);

        assertThat(parts.keySet())
                .containsExactly("executable.digest", "executable.file", "executable.name", "libc.digest", "libc.file", "loader.digest",
                        "loader.file");
        assertThat(parts).containsEntry("executable.name", program.toString()).containsEntry("executable.digest", digest(program));
        assertThat(parts).containsEntry("executable.file", program.toRealPath().toString());
        assertThat(parts.get("loader.file")).contains("ld-linux");
        assertThat(parts.get("libc.file")).endsWith("/libc.so.6");
        assertThat(parts).containsEntry("libc.digest", digest(Path.of(parts.get("libc.file"))));
    }

    @Test
    void of_scriptsOfScripts_namesEachInterpreter() throws IOException {
        Path inner = script("inner", "#! /bin/sh -e \necho\n");
        Path outer = script("outer", "#!" + inner + "\n");

        Map<String, String> parts = identity(outer);

        assertThat(parts)
                .containsEntry("interpreter.1.name", inner.toString())
                .containsEntry("interpreter.1.digest", digest(inner))
                .containsEntry("interpreter.2.name", "/bin/sh")
                .containsEntry("interpreter.2.argument", "-e")
                .containsEntry("interpreter.2.digest", digest(Path.of("/bin/sh")))
                .containsKey("loader.digest")
                .doesNotContainKey("interpreter.3.name");
    }

    @Test
    void of_aScriptThatIsRelativeToTheDirectory_isFound() throws IOException {
        script("inner", "#!/bin/sh\n");
        assertThat(identity(script("outer", "#!./inner x y\n")))
                .containsEntry("interpreter.1.name", folder.resolve("./inner").toString())
                .containsEntry("interpreter.1.argument", "x y");
    }

    /** Which program env(1) finds counts; that it finds another one changes the key. */
    @ParameterizedTest
    @ValueSource(strings = {"/usr/bin/env tool", "/usr/bin/env -S tool -u", "/usr/bin/env -S -u BAR FOO=1 tool 'a b'", "/bin/env -vS -i PATH=@ tool"})
    void of_envInAScript_followsIt(String line) throws IOException {
        Path tool = script("tool", "#!/bin/sh\nexit 0\n");
        Path script = script("script", "#!" + line.replace("@", folder.toString()) + "\n");

        Map<String, String> parts = identity(script);

        assertThat(parts)
                .containsEntry("interpreter.2.name", tool.toString())
                .containsEntry("interpreter.2.digest", digest(tool))
                .containsEntry("interpreter.3.name", "/bin/sh");
        script("tool", "#!/bin/sh\nexit 1\n");
        assertThat(identity(script)).isNotEqualTo(parts);
    }

    @Test
    void of_envAsTheCommand_followsIt() throws IOException {
        Path tool = script("tool", "#!/bin/sh\n");

        assertThat(identity(Path.of("/usr/bin/env"), "A=1", "tool", "x")).containsEntry("interpreter.1.name", tool.toString());
        assertThat(identity(Path.of("/usr/bin/env"))).doesNotContainKey("interpreter.1.name").containsKey("loader.file");
    }

    @Test
    void of_aTextWithoutFirstLine_isTheShells() throws IOException {
        assertThat(identity(script("plain", "echo hello\n"))).containsEntry("interpreter.1.name", "/bin/sh");
    }

    @Test
    void of_whatCannotBeFollowed_isRefusedInWords() throws IOException {
        Path loop = folder.resolve("loop");
        script("loop", "#!" + loop + "\n");
        assertThatExceptionOfType(KeyException.class)
                .isThrownBy(() -> identity(loop))
                .withMessageContaining("more than 10 interpreters");
        Path absent = script("absent", "#!/usr/bin/env no-such-tool\n");
        assertThatExceptionOfType(KeyException.class)
                .isThrownBy(() -> identity(absent))
                .withMessageContaining("no program no-such-tool on PATH");
        Path gone = script("gone", "#!/no/such/interpreter\n");
        assertThatExceptionOfType(KeyException.class)
                .isThrownBy(() -> identity(gone))
                .withMessageContaining("/no/such/interpreter")
                .withMessageContaining("cannot be read");
        Path odd = script("odd", "#!/usr/bin/env -S ${TOOL}\n");
        assertThatExceptionOfType(KeyException.class).isThrownBy(() -> identity(odd)).withMessageContaining("-S");
        Path broken = folder.resolve("broken");
        Files.write(broken, "\177ELF and no more".getBytes(UTF_8));
        assertThatExceptionOfType(KeyException.class)
                .isThrownBy(() -> identity(broken))
                .withMessageContaining("ELF headers cannot be read");
    }

    @Test
    void scriptLine_isReadAsTheKernelDoes() {
        assertThat(line("#!/bin/sh\n")).contains(new ScriptLine("/bin/sh", Optional.empty()));
        assertThat(line("#! \t/bin/sh\t -a  -b \t\nx")).contains(new ScriptLine("/bin/sh", Optional.of("-a  -b")));
        assertThat(line("#!/bin/sh")).contains(new ScriptLine("/bin/sh", Optional.empty()));
        assertThat(line("#!\n/bin/sh\n")).isEmpty();
        assertThat(line("#! \n")).isEmpty();
        assertThat(line("# !/bin/sh\n")).isEmpty();
        assertThat(line("#")).isEmpty();
        assertThat(line("#!/" + "x".repeat(300))).isEmpty();
        assertThat(line("#!/bin/sh " + "x".repeat(300)).orElseThrow().argument()).contains("x".repeat(256 - 10));
    }

    private static Optional<ScriptLine> line(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ScriptLine.of(java.util.Arrays.copyOf(bytes, Math.min(bytes.length, ScriptLine.HEAD_BYTES)));
    }

    /** env(1) itself says what it executes: a program that prints its words. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "probe|a",
                "-i|PATH=@|probe|a b",
                "-|PATH=@|probe",
                "-u|HOME|X=1|Y=2|probe|Z=3",
                "-uHOME|probe",
                "--unset=HOME|--|probe|-x",
                "--unset|HOME|probe",
                "-C|@|./probe|x",
                "--chdir=@|./probe",
                "-S|probe 'one two' \"three\" fo'u'r # no more",
                "-iS|PATH=@ probe   x\ty",
                "--split-string=-u HOME probe|x",
                "--default-signal=INT|--block-signal|probe|x",
            })
    void envCommand_executesWhatEnvExecutes(String line) throws Exception {
        script("probe", "#!/bin/sh\nfor word; do printf '%s|' \"$word\"; done\n");
        List<String> words = List.of(line.replace("@", folder.toString()).split("\\|"));
        List<String> command = new java.util.ArrayList<>(List.of("/usr/bin/env"));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PATH", folder + ":/usr/bin:/bin");
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();

        EnvCommand found = EnvCommand.of(words, Optional.of(folder + ":/usr/bin:/bin"), Path.of("/"));

        assertThat(found.words().stream().skip(1).map(word -> word + "|").reduce("", String::concat)).isEqualTo(printed);
        assertThat(ProgramFinder.find(found.words().get(0), found.path(), found.directory()).map(Path::normalize))
                .contains(folder.resolve("probe"));
    }

    @Test
    void programFinder_searchesAsExecvpDoes() throws IOException {
        Path tool = script("tool", "#!/bin/sh\n");
        Files.writeString(folder.resolve("data"), "");
        Path below = Files.createDirectory(folder.resolve("below"));

        assertThat(ProgramFinder.find("tool", Optional.of("/nowhere:" + folder), below)).contains(tool);
        assertThat(ProgramFinder.find("tool", Optional.of("/nowhere:"), folder)).contains(tool);
        assertThat(ProgramFinder.find("tool", Optional.of("/usr/bin"), folder)).isEmpty();
        assertThat(ProgramFinder.find("../tool", Optional.empty(), below).map(Path::normalize)).contains(tool);
        assertThat(ProgramFinder.find("data", Optional.of(folder.toString()), folder)).isEmpty();
        assertThat(ProgramFinder.find("below", Optional.of(folder.toString()), folder)).isEmpty();
        assertThat(ProgramFinder.find("sh", Optional.empty(), folder)).contains(Path.of("/bin/sh"));
        assertThat(ProgramFinder.find("", Optional.empty(), folder)).isEmpty();
    }
}

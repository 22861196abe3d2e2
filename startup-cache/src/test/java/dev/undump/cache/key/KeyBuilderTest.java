// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.undump.cache.FileDigests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each change changes its part of the key and no other; what does not matter changes nothing. */
class KeyBuilderTest {

    @TempDir
    Path folder;

    private FakeMachine machine;
    private Path program;
    private Path directory;
    private Path input;
    private final Map<String, String> environment = new HashMap<>(Map.of(
            "PATH", "/usr/bin:/bin", "LANG", "C.UTF-8", "HOME", "/home/me", "APP_MODE", "fast", "SHLVL", "1", "_", "/usr/bin/undump",
            "UNDUMP_VERBOSE", "1", "API_TOKEN", "hush"));
    private List<String> argv = List.of("tool", "--serve", "8080");
    private Set<String> chosen = Set.of();
    private Set<String> ignored = Set.of();
    private boolean command;
    private String ready = "listen:8080";
    private String inputs = "traced";
    private String version = "0.1.0";

    @BeforeEach
    void prepare() throws IOException {
        machine = new FakeMachine(folder);
        directory = Files.createDirectory(folder.resolve("work folder"));
        program = Files.writeString(folder.resolve("tool"), "#!/bin/sh\necho hello\n");
        input = Files.writeString(folder.resolve("a=b.conf"), "x = 1\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
    }

    private KeyBuilder builder() throws IOException {
        KeyBuilder builder = new KeyBuilder(FileDigests.unremembered(), machine.proc, machine.cgroups)
                .command(argv, program, directory)
                .environment(environment, chosen, ignored)
                .file(input)
                .ready(ready)
                .inputs(inputs)
                .undump(version);
        return command ? builder.commandImage() : builder;
    }

    private interface Change {
        void run() throws IOException;
    }

    /** Returns the names of the parts that a change changes. */
    private List<String> changed(Change change) throws IOException {
        CacheKey before = builder().build();
        change.run();
        CacheKey after = builder().build();
        List<String> names =
                KeyChange.between(before, after).stream().map(KeyChange::name).toList();
        assertThat(after.digest().equals(before.digest())).isEqualTo(names.isEmpty());
        return names;
    }

    @Test
    void build_twice_isTheSameText() throws IOException {
        assertThat(builder().build().text()).isEqualTo(builder().build().text());
        assertThat(CacheKey.parse(builder().build().text())).isEqualTo(builder().build());
    }

    @Test
    void arguments_eachWordAndTheirNumberCount() throws IOException {
        assertThat(changed(() -> argv = List.of("tool", "--serve", "8081"))).containsExactly("argv.2");
        assertThat(changed(() -> argv = List.of("tool", "--serve", "8081", ""))).containsExactly("argv.3");
        assertThat(changed(() -> argv = List.of("tool2", "--serve", "8081", ""))).containsExactly("argv.0");
    }

    @Test
    void program_contentAndPathsCount_timesDoNot() throws IOException {
        assertThat(changed(() -> Files.writeString(program, "#!/bin/sh\necho hullo\n"))).containsExactly("executable.digest");
        assertThat(changed(() -> program.toFile().setLastModified(1_000_000_000_000L))).isEmpty();
        Path link = Files.createSymbolicLink(folder.resolve("link"), program);
        assertThat(changed(() -> program = link)).containsExactly("executable.name");
        Path moved = folder.resolve("moved");
        assertThat(changed(() -> {
                    Files.move(folder.resolve("tool"), moved);
                    Files.delete(link);
                    Files.createSymbolicLink(link, moved);
                }))
                .containsExactly("executable.file");
    }

    @Test
    void directory_countsUnlessEachLaunchBringsItsOwn() throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        Path link = Files.createSymbolicLink(folder.resolve("link to work"), directory);

        assertThat(changed(() -> directory = link)).isEmpty();
        assertThat(changed(() -> directory = other)).containsExactly("directory");
        command = true;
        assertThat(changed(() -> directory = link)).isEmpty();
    }

    @Test
    void start_countsAndTakesDirectoryUmaskAndSomeEnvironmentAlong() throws IOException {
        assertThat(changed(() -> command = true))
                .containsExactly("directory", "environment.API_TOKEN", "environment.APP_MODE", "start", "umask");
    }

    @Test
    void umask_countsUnlessEachLaunchBringsItsOwn() throws IOException {
        assertThat(changed(() -> machine.replace("proc/self/status", "Umask:\t0022", "Umask:\t0077"))).containsExactly("umask");
        command = true;
        assertThat(changed(() -> machine.replace("proc/self/status", "Umask:\t0077", "Umask:\t0027"))).isEmpty();
    }

    @Test
    void environment_ofAProgramThatResumes_countsButForTheSession() throws IOException {
        assertThat(changed(() -> environment.put("APP_MODE", "slow"))).containsExactly("environment.APP_MODE");
        assertThat(changed(() -> environment.put("NEW", ""))).containsExactly("environment.NEW");
        assertThat(changed(() -> environment.remove("NEW"))).containsExactly("environment.NEW");
        assertThat(changed(() -> {
                    environment.put("HOSTNAME", "0123456789ab");
                    environment.put("SHLVL", "2");
                    environment.put("_", "/bin/x");
                    environment.put("UNDUMP_VERBOSE", "0");
                    environment.put("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22");
                }))
                .isEmpty();
        assertThat(changed(() -> ignored = Set.of("APP_*"))).containsExactly("environment.APP_MODE");
        assertThat(changed(() -> environment.put("APP_MODE", "medium"))).isEmpty();
        assertThat(changed(() -> chosen = Set.of("SHLVL", "APP_MODE"))).containsExactly("environment.SHLVL");
    }

    @Test
    void environment_ofACommand_countsAsFarAsProgramsReadItAtStart() throws IOException {
        command = true;

        assertThat(changed(() -> environment.put("APP_MODE", "slow"))).isEmpty();
        for (String name : List.of("LANG", "LC_ALL", "TZ", "LD_PRELOAD", "PYTHONPATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "HOME",
                "JDK_JAVA_OPTIONS", "NODE_OPTIONS", "PERL5LIB", "RUBYOPT", "GOMAXPROCS", "http_proxy", "PATH")) {
            assertThat(changed(() -> environment.put(name, "/usr/bin:/bin:/x"))).containsExactly("environment." + name);
        }
        assertThat(changed(() -> chosen = Set.of("APP_MODE"))).containsExactly("environment.APP_MODE");
        assertThat(changed(() -> ignored = Set.of("APP_MODE"))).containsExactly("environment.APP_MODE");
    }

    @Test
    void environment_secretsStandByTheirDigest() throws IOException {
        assertThat(builder().build().text()).doesNotContain("hush").contains("environment.API_TOKEN=sha256:");
        assertThat(changed(() -> environment.put("API_TOKEN", "shush"))).containsExactly("environment.API_TOKEN");
    }

    @Test
    void file_countsByContentAndPath() throws IOException {
        String name = "file." + input.toString().replace("=", "%3d");

        assertThat(changed(() -> Files.writeString(input, "x = 2\n"))).containsExactly(name);
        assertThat(changed(() -> input.toFile().setLastModified(0))).isEmpty();
        assertThatExceptionOfType(KeyException.class)
                .isThrownBy(() -> builder().file(folder.resolve("nothing")))
                .withMessageContaining("nothing")
                .withMessageContaining("cannot be read");
    }

    @Test
    void conditionsAndVersions_count() throws IOException {
        assertThat(changed(() -> ready = "api")).containsExactly("ready");
        assertThat(changed(() -> inputs = "mapped")).containsExactly("inputs");
        assertThat(changed(() -> version = "0.2.0")).containsExactly("undump.version");
        assertThat(KeyChange.between(builder().build(), builder().option("eager", "true").build()))
                .extracting(KeyChange::name)
                .containsExactly("option.eager");
        assertThat(builder().build().value("undump.checkpoint")).isPresent();
        assertThat(builder().build().value("undump.image")).isPresent();
    }

    @Test
    void user_counts() throws IOException {
        assertThat(changed(() -> machine.replace("proc/self/status", "Uid:\t1000\t1000", "Uid:\t1000\t0"))).containsExactly("uid");
        assertThat(changed(() -> machine.replace("proc/self/status", "Gid:\t1001", "Gid:\t7"))).containsExactly("gid");
        assertThat(changed(() -> machine.replace("proc/self/status", "27 1001", "27"))).containsExactly("groups");
        assertThat(changed(() -> machine.replace("proc/self/status", "CapEff:\t0", "CapEff:\t1"))).containsExactly("capabilities");
        assertThat(changed(() -> machine.replace("proc/self/status", "Privs:\t0", "Privs:\t1"))).containsExactly("no-new-privileges");
    }

    @Test
    void process_whatDiffersFromRunToRunDoesNotCount() throws IOException {
        assertThat(changed(() -> {
                    machine.replace("proc/self/status", "Pid:\t4711", "Pid:\t4712");
                    machine.replace("proc/self/status", "switches:\t17", "switches:\t18");
                    machine.replace("proc/cpuinfo", "1999.99", "800.0");
                    machine.replace("proc/cpuinfo", "microcode\t: 0xd0003d1", "microcode\t: 0xd0003d2");
                    machine.replace("proc/cpuinfo", "constant_tsc", "nonstop_tsc");
                    machine.replace("proc/meminfo", "MemTotal:       16000000", "MemTotal:       15990000");
                    machine.replace("proc/meminfo", "MemFree:         1000", "MemFree:         2000");
                    machine.replace("proc/sys/kernel/osrelease", "6.1.0-21-amd64", "6.1.99-cloud");
                    machine.replace("proc/self/limits", "63304                63304                processes", "1000  63304  processes");
                }))
                .isEmpty();
    }

    @Test
    void limits_count() throws IOException {
        assertThat(changed(() -> machine.replace("proc/self/limits", "1024                 1048576", "2048                 1048576")))
                .containsExactly("limit.nofile");
        assertThat(changed(() -> machine.replace("proc/self/limits", "8388608              unlimited", "8388608              8388608  ")))
                .containsExactly("limit.stack");
        assertThat(builder().build().value("limit.nofile")).contains("2048 1048576");
    }

    @Test
    void machine_counts() throws IOException {
        assertThat(builder().build().value("cpu.features")).contains("avx avx2 fpu sse sse2 sse3");
        assertThat(changed(() -> machine.replace("proc/cpuinfo", " avx2", ""))).containsExactly("cpu.features");
        assertThat(changed(() -> machine.replace("proc/cpuinfo", "model\t\t: 106", "model\t\t: 143"))).containsExactly("cpu.model");
        assertThat(changed(() -> machine.auxiliary(51, 11952))).containsExactly("cpu.signal-frame");
        assertThat(changed(() -> machine.auxiliary(50, 11952))).containsExactly("cpu.signal-frame");
        assertThat(builder().build().value("cpu.count")).contains("5");
        assertThat(changed(() -> machine.replace("proc/self/status", "0-3,8", "0-3"))).containsExactly("cpu.count");
        assertThat(changed(() -> machine.replace("proc/sys/kernel/osrelease", "6.1.0", "6.2.0"))).containsExactly("kernel");
        assertThat(builder().build().value("memory.class")).contains(Long.toString(16L << 30));
        assertThat(changed(() -> machine.replace("proc/meminfo", "16000000", "32000000"))).containsExactly("memory.class");
    }

    @Test
    void controlGroups_count() throws IOException {
        assertThat(changed(() -> machine.write("cgroup/jobs/memory.max", "1073741824\n"))).containsExactly("memory.class");
        assertThat(changed(() -> machine.write("cgroup/jobs/one/memory.max", "max\n"))).isEmpty();
        assertThat(changed(() -> machine.write("cgroup/jobs/one/cpu.max", "150000 100000\n"))).containsExactly("cpu.quota");
        assertThat(builder().build().value("cpu.quota")).contains("2");
        assertThat(changed(() -> machine.write("cgroup/jobs/cpu.max", "max 100000\n"))).isEmpty();
        assertThat(changed(() -> machine.write("cgroup/jobs/cpu.max", "100000 100000\n"))).containsExactly("cpu.quota");
    }

    @Test
    void controlGroups_ofVersion1_count() throws IOException {
        Files.createDirectories(machine.cgroups.resolve("memory/box"));
        Files.createDirectories(machine.cgroups.resolve("cpu,cpuacct/box"));
        machine.write("proc/self/cgroup", "4:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/\n");

        assertThat(changed(() -> machine.write("cgroup/memory/box/memory.limit_in_bytes", "2000000000\n"))).containsExactly("memory.class");
        assertThat(changed(() -> machine.write("cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n"))).isEmpty();
        assertThat(changed(() -> machine.write("cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "-1\n"))).isEmpty();
        assertThat(changed(() -> machine.write("cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "50000\n"))).containsExactly("cpu.quota");
    }

    @Test
    void standardFiles_countByKind() throws IOException {
        Path fd = machine.proc.resolve("self/fd");
        Files.createSymbolicLink(fd.resolve("0"), Path.of("/dev/null"));
        Files.createSymbolicLink(fd.resolve("1"), input);

        CacheKey key = builder().standardFiles().build();

        assertThat(key.value("stream.0")).contains("null");
        assertThat(key.value("stream.1")).contains("file");
        assertThat(key.value("stream.2")).contains("closed");
    }

    @Test
    void build_ofThisMachine_hasAllParts() throws IOException {
        CacheKey key = new KeyBuilder(FileDigests.unremembered())
                .command(argv, Path.of("/bin/sh"), directory)
                .environment(ProcessText.environment(), Set.of(), Set.of())
                .standardFiles()
                .ready("api")
                .inputs("none")
                .undump("0.1.0")
                .build();

        assertThat(key.parts())
                .extracting(KeyPart::name)
                .contains("architecture", "cpu.features", "cpu.model", "cpu.count", "memory.class", "kernel", "uid", "gid", "groups",
                        "umask", "limit.nofile", "limit.stack", "limit.as", "stream.0", "stream.1", "stream.2", "executable.digest",
                        "loader.digest", "libc.digest");
        assertThat(key.value("cpu.features").orElseThrow()).contains("sse2");
    }

    @Test
    void build_ofHalfABuilder_isRefused() {
        assertThatIllegalStateException().isThrownBy(() -> new KeyBuilder(FileDigests.unremembered()).build());
    }
}

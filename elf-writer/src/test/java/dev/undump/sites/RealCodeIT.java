// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The system calls of real programs and libraries: all are covered, {@code objdump} finds the same ones, and every rewritten one
 * still does what it did. The libraries are those of this Java process; programs are built.
 */
class RealCodeIT {

    private static final Pattern CALL = Pattern.compile(" *([0-9a-f]+):\\t(?:.*\\s)?(syscall|int +\\$0x80)\\s*");
    private static final String C_PROGRAM = "#include <stdio.h>\n#include <stdlib.h>\nint main(void) { free(malloc(1 << 20)); puts(\"x\"); }\n";
    /** System calls of known and of unknown number behind jump tables, and beside instructions that data is full of. */
    private static final String SWITCH_PROGRAM =
            """
            #include <stdlib.h>
            static volatile int sink;
            static inline long call(long n, long a, long b, long c) {
                long result;
                __asm__ volatile("syscall" : "=a"(result) : "0"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
                return result;
            }
            __attribute__((noinline)) static long known(int way, long a, long b) {
                switch (way) {
                case 0: sink = 1; return call(28, a, b, 4);
                case 1: sink = 4; return call(28, a, b, 8) + 3;
                case 2: sink = 7; return call(39, a, b, 9) * 3;
                case 3: sink = 2; return call(25, a, b, 1) ^ 99;
                case 4: sink = 9; return a * b + sink;
                case 5: sink = 77; return call(16, a, b, 4) + sink;
                case 6: sink = 1; return a / b;
                case 9: sink = 5; return call(157, a, b, 4) << 3;
                case 12: return call(237, a, 0, 0);
                default: return call(12, 0, 0, 0);
                }
            }
            __attribute__((noinline)) static long unknown(int way, long n, long a, long b) {
                switch (way) {
                case 0: sink = 1; return call(n, a, b, 4);
                case 1: sink = 4; n++; break;
                case 2: sink = 7; return call(n + 1, a, b, 9) * 3;
                case 3: sink = 2; n *= 2; break;
                case 4: sink = 9; n ^= 5; break;
                case 5: sink = 77; return call(n, a, b, 4) + sink;
                case 6: sink = 1; n -= 9; break;
                case 9: sink = 5; n = 28; break;
                default: n = 12;
                }
                return call(n, a, b, n);
            }
            __asm__(".text; flags: push %rbx; pushf; orq $0x400,(%rsp); popf; mov %rsi,%rbx; mov 8(%rdi),%rsi;"
                    "mov (%rdi),%rax; mov 16(%rdi),%rdi; syscall; pushf; pop %rdx; cld; mov %rdx,(%rbx); mov %rax,8(%rbx); pop %rbx; ret");
            long flags(long *in, long *out);
            int main(int argc, char **argv) {
                long both[5] = {0};
                long sum = flags(both, both);
                for (int i = 0; i < 14; i++)
                    sum += known(argc + i, (long)argv, 2) + unknown(argc + i, atoi(argv[argc - 1]), argc, 3);
                return (int)sum;
            }
            """;
    private static final String GO_PROGRAM = "package main\n\nfunc main() { println(len(make([]byte, 1000))) }\n";

    @TempDir
    private Path folder;

    @Test
    void libraryOfC_isCovered() throws Exception {
        SiteRewriting rewriting = check(loaded("libc.so.6"));

        assertThat(rewriting.coverage().modules().get(0).rewritten()).as("madvise, mremap, ioctl, prctl").isGreaterThan(4);
        assertThat(rewriting.coverage().modules().get(0).dynamic()).as("syscall()").isGreaterThan(0);
    }

    @Test
    void dynamicLinker_isCovered() throws Exception {
        check(loaded("ld-linux-x86-64.so.2"));
    }

    @Test
    void javaMachine_isCovered() throws Exception {
        SiteRewriting rewriting = check(loaded("libjvm.so"));

        assertThat(rewriting.patches()).as("it makes all calls through libc").isEmpty();
    }

    @Test
    void staticProgram_isCovered() throws Exception {
        check(compiled(C_PROGRAM, "gcc", "-O2", "-static"));
    }

    @Test
    void staticProgramWithMusl_isCovered() throws Exception {
        check(compiled(C_PROGRAM, "musl-gcc", "-O2", "-static"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "gcc -O2", "gcc -O3 -fcf-protection", "gcc -O2 -no-pie", "gcc -O0", "gcc -O2 -static", "musl-gcc -O2", "musl-gcc -O2 -static"
    })
    void callsBehindJumpTables_areCovered(String compiler) throws Exception {
        ModuleCoverage coverage = check(compiled(SWITCH_PROGRAM, compiler.split(" "))).coverage().modules().get(0);

        int all = coverage.rewritten() + coverage.dynamic();
        assertThat(all).as("-O0 makes all calls at one place").isGreaterThanOrEqualTo(compiler.contains("-O0") ? 2 : 9);
    }

    @Test
    void goProgram_isCovered() throws Exception {
        Path source = Files.writeString(folder.resolve("program.go"), GO_PROGRAM);
        Path program = folder.resolve("program");
        run(List.of("go", "build", "-o", program.toString(), source.toString()));

        SiteRewriting rewriting = check(program);

        assertThat(rewriting.coverage().modules().get(0).dynamic()).as("Syscall6").isGreaterThan(0);
    }

    private SiteRewriting check(Path elf) throws Exception {
        CodeSample.Result result = CodeSample.ofElf(folder, elf).orElseThrow().rewrite(new byte[0]);
        Coverage coverage = result.rewriting().coverage();
        System.out.println(elf.getFileName() + ": " + coverage.summary());
        assertThat(coverage.isComplete()).as(coverage.summary()).isTrue();

        try (CheckpointMemory memory = CheckpointMemory.open(result.checkpoint())) {
            Modules modules = new Modules(result.checkpoint(), memory);
            CodeBytes code = new CodeBytes(memory, modules.stored());
            assertThat(ours(modules, code, CodeSample.biasOf(elf))).as("the same instructions as objdump").isEqualTo(objdumps(elf));
            DetourWalk walk = new DetourWalk(memory, result.rewriting());
            for (Detour detour : detours(modules, code)) {
                walk.check(detour);
            }
            assertPatchesAreInTheirPlaces(result.checkpoint(), result.rewriting());
        }
        return result.rewriting();
    }

    private static List<Detour> detours(Modules modules, CodeBytes code) throws IOException {
        Map<Long, Module> opened = new HashMap<>();
        Map<String, ModuleSites> all = new HashMap<>();
        for (long place : CallPatterns.find(code)) {
            Module module = modules.at(place, opened);
            all.computeIfAbsent(module.code().toString(), unused -> new ModuleSites(module, code)).judge(place);
        }
        List<Detour> detours = new ArrayList<>();
        for (ModuleSites sites : all.values()) {
            detours.addAll(sites.detours());
        }
        return detours;
    }

    private static TreeSet<Long> ours(Modules modules, CodeBytes code, long bias) throws IOException {
        TreeSet<Long> calls = new TreeSet<>();
        Map<Long, Module> opened = new HashMap<>();
        for (long place : CallPatterns.find(code)) {
            ModuleSites sites = new ModuleSites(modules.at(place, opened), code);
            sites.judge(place);
            if (sites.tally().result().notCode() == 0) {
                calls.add(place - bias);
            }
        }
        return calls;
    }

    private static TreeSet<Long> objdumps(Path elf) throws Exception {
        TreeSet<Long> calls = new TreeSet<>();
        for (String line : run(List.of("objdump", "-d", "-w", "--no-show-raw-insn", elf.toString()))) {
            Matcher matcher = CALL.matcher(line);
            if (matcher.matches()) {
                calls.add(Long.parseLong(matcher.group(1), 16));
            }
        }
        return calls;
    }

    private static void assertPatchesAreInTheirPlaces(Checkpoint checkpoint, SiteRewriting rewriting) {
        long free = 0;
        for (CodePatch patch : rewriting.patches()) {
            assertThat(patch.address()).isGreaterThanOrEqualTo(free);
            free = patch.range().end();
        }
        for (Island island : rewriting.islands()) {
            assertThat(checkpoint.mappings()).noneMatch(mapping -> mapping.range().overlaps(island.range()));
            assertThat(new ByteRange(0, CodeSample.ENTRY << 8)).matches(all -> all.contains(island.range()));
        }
    }

    private static Path loaded(String name) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            if (line.endsWith("/" + name)) {
                return Path.of(line.substring(line.indexOf('/')));
            }
        }
        throw new AssertionError("this process has not loaded " + name);
    }

    private Path compiled(String text, String... compiler) throws Exception {
        Path source = Files.writeString(folder.resolve("program.c"), text);
        Path program = folder.resolve("program");
        List<String> command = new ArrayList<>(List.of(compiler));
        command.addAll(List.of("-o", program.toString(), source.toString()));
        run(command);
        return program;
    }

    private static List<String> run(List<String> command) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new AssertionError(command.get(0) + " is not installed; ./check installs it", e);
        }
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            reader.lines().filter(line -> line.contains("\t")).filter(line -> CALL.matcher(line).matches()).forEach(lines::add);
        }
        assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
        return lines;
    }
}

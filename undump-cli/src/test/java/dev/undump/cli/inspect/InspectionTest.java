// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.Segment;
import dev.undump.checkpoint.Semaphore;
import dev.undump.checkpoint.SocketAddress;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketSamples;
import dev.undump.checkpoint.SocketState;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectionTest {

    @TempDir
    private Path folder;

    @Test
    void printText_everyKindOfRecord_isThereInHundredColumns() throws IOException {
        String text = text(CheckpointSamples.everything());

        assertThat(text.lines().skip(1)).allMatch(line -> line.length() <= 100);
        assertThat(text)
                .contains("format 4, id 0123456789abcdef1122334455667788")
                .contains("Program     /usr/bin/sample, named sample, pid 1000")
                .contains("Command     sample --count 3")
                .contains("Captured    2023-11-14 22:13:20 UTC by ckpt 1.0.0 (--pid), frozen for 2.5 ms, from a snapshot")
                .contains("Kernel      Linux 6.1.0-13-amd64 #1 SMP")
                .contains("x87 sse avx opmask zmm_hi256 hi16_zmm")
                .contains("Allowed     tcp-closed")
                .contains("3 threads")
                .contains("1001  sample  running")
                .contains("1003  sample  waits in futex(")
                .contains("rip 0x400123 /usr/bin/sample+0x123")
                .contains("7 mappings: 208 KiB mapped, 12 KiB private resident, 40 KiB stored, 144 KiB zero")
                .contains("7 descriptors")
                .contains("/dev/pts/3 (reads lines, 24 x 80, controlling)")
                .contains("anon_inode:inotify (3: /var/log)")
                .contains("POSIX timer 2: expires in 4 us, then every 5 us")
                .contains("/tmp/scratch (10 B stored)")
                .contains("pipe:[55] (9 B in flight)")
                .contains("anon_inode:[eventpoll] (watches 6)")
                .contains("from the image")
                .contains("opened again")
                .contains("2 signals not at default")
                .contains("USR1")
                .contains("ignored")
                .contains("2 pending signals")
                .contains("RTMIN for thread 1003")
                .contains("4 inputs: 1 file, 1 directory, 1 link, 1 missing")
                .contains("2023-11-14T22:13:20Z  /etc/sample.conf")
                .contains("/etc/sample.link -> sample.conf");
    }

    @Test
    void printText_unchangedFile_namesTheFunction() throws IOException {
        // The smallest process with a real file: this JVM's C library, mapped at its first executable page.
        Path library = Path.of("/lib/x86_64-linux-gnu/libc.so.6").toRealPath();
        SymbolFiles symbols = new SymbolFiles();
        Mapping mapping = fileMapping(library, Files.size(library), modified(library));

        List<String> names = new ArrayList<>();
        for (long offset = 0; offset < Files.size(library) && names.isEmpty(); offset += 4096) {
            symbols.nearest(mapping, offset).ifPresent(names::add);
        }

        assertThat(names).hasSize(1);
        assertThat(new SymbolFiles().nearest(fileMapping(library, Files.size(library), 1), 0x30000)).isEmpty();
        assertThat(new SymbolFiles().nearest(fileMapping(Path.of("/nowhere"), 1, 1), 0)).isEmpty();
    }

    @Test
    void printText_sleep_showsItsTime() throws IOException {
        byte[] page = new byte[CheckpointSamples.PAGE];
        ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 3).putLong(8, 250_000_000L);
        CheckpointBuilder builder = new CheckpointBuilder()
                .thread(CheckpointSamples.thread(1000, Optional.of(new InterruptedCall(35, -516, 1_000_000))))
                .mapping(CheckpointSamples.mapping(
                        1000L << 32, 1, MappingKind.ANONYMOUS, Mapping.READ | Mapping.WRITE, 0, ""))
                .bytes(1000L << 32, ExtentKind.PRIVATE, page);

        String text = text(builder);

        // The sample's rdi is 107 behind the start of the page, where zeros are.
        assertThat(text).contains("waits in nanosleep(0 ns) since 1 ms");
    }

    @Test
    void printText_hostileNames_cannotControlTheTerminal() throws IOException {
        String text = text(new CheckpointBuilder()
                .mapping(CheckpointSamples.mapping(0x10000, 1, MappingKind.ANONYMOUS, 1, 0, "a\n\u001b[31mb"))
                .allowance("x\u0007"));

        assertThat(text).contains("a\\x0a\\x1b[31mb").contains("x\\x07").doesNotContain("\u001b").doesNotContain("\u0007");
    }

    @Test
    void printJson_everyKindOfRecord_isValidAndComplete() throws IOException {
        List<String> names = topLevelNames(json(CheckpointSamples.everything()));

        assertThat(names)
                .containsExactly(
                        "kind", "file", "size_bytes", "format_version", "id", "process", "processor", "threads", "memory",
                        "mappings", "auxiliary_vector", "descriptors", "open_files", "pipes", "memory_files", "sockets",
                        "epoll_items", "watches", "file_locks", "file_owners", "terminals", "segments", "semaphores", "signal_actions",
                        "pending_signals", "posix_timers", "allowances", "inputs", "launch_memory");
    }

    @Test
    void printJson_registers_haveTheirNames() throws IOException {
        assertThat(json(CheckpointSamples.everything()))
                .contains("\"rip\" : \"0x400123\"")
                .contains("\"orig_rax\" : \"0xffffffffffffffff\"")
                .contains("\"fs_base\" : \"0x1001000\"");
    }

    @Test
    void terminals_tellTheirModes() throws IOException {
        CheckpointBuilder builder = new CheckpointBuilder()
                .openFile(CheckpointSamples.openFile(FileKind.TERMINAL, "/dev/pts/3"))
                .openFile(CheckpointSamples.openFile(FileKind.TERMINAL, "/dev/pts/4"))
                .descriptor(new Descriptor(3, 0, false))
                .descriptor(new Descriptor(4, 1, false))
                .terminal(CheckpointSamples.terminal(0, CheckpointLayout.TERMINAL_FOREGROUND, 0x8a31))
                .terminal(CheckpointSamples.terminal(1, CheckpointLayout.TERMINAL_CONTROLLING, 0x8a3b));
        assertThat(text(builder))
                .contains("/dev/pts/3 (-icanon -echo, 24 x 80)")
                .contains("/dev/pts/4 (in the background, 24 x 80, controlling)");
        String json = json(builder);
        topLevelNames(json);
        assertThat(json)
                .contains("\"foreground\" : true")
                .contains("\"local_flags\" : \"0x8a31\"")
                .contains("\"modes_off\" : [ \"icanon\", \"echo\" ]")
                .contains("\"rows\" : 24")
                .contains("\"device_number\" : \"136:7\"");
    }

    @Test
    void systemVObjects_areListed() throws IOException {
        CheckpointBuilder builder = new CheckpointBuilder()
                .memoryFile("SYSV00001234", 5000, 0, Map.of(0L, CheckpointSamples.filled(CheckpointSamples.PAGE, 1)))
                .segment(new Segment(0, 7, 0x1234, 0640, 10, 20, 30, 40, 5000, 1_700_000_000, CheckpointLayout.SEGMENT_DESTROYED))
                .mapping(CheckpointSamples.view(
                        0, 0x10000000, 2, MappingKind.SHARED_FILE, Mapping.READ, CheckpointLayout.VMA_MAY_WRITE, 0))
                .semaphore(new Semaphore(9, -1, 3, 1000, 2, -4, 1_700_000_000L, NativeText.EMPTY, 0))
                .semaphore(new Semaphore(9, -1, 3, 1000, 0, 1, 1_700_000_000L, NativeText.EMPTY, 0));
        assertThat(text(builder).lines())
                .contains("1 segment of System V shared memory", "2 System V semaphores with SEM_UNDO")
                .contains("  ID  KEY            SIZE  STORED  MODE  OWNER  STATE")
                .contains("   7  0x00001234  4.9 KiB   4 KiB  0640     10  destroyed")
                .contains("  SET  KEY         NUMBER  OF  AT THE END")
                .contains("    9  0xffffffff       2   3          -4")
                .contains("    9  0xffffffff       0   3          +1");
        String json = json(builder);
        topLevelNames(json);
        assertThat(json)
                .contains("\"key\" : \"0x00001234\"")
                .contains("\"mode\" : \"0640\"")
                .contains("\"creator_gid\" : 40")
                .contains("\"changed_s\" : 1700000000")
                .contains("\"destroyed\" : true")
                .contains("\"adjustment\" : -4");
    }

    @Test
    void sockets_tellWhatTheyWereAndWhatALaunchDoes() throws IOException {
        assertThat(text(sockets()))
                .contains("listens again")
                .contains("socket:[70] (tcp 127.0.0.1:8080, listening, backlog 7, SO_REUSEADDR=1)")
                .contains("new pair")
                .contains("socket:[71] (unix stream, paired, 5 B waiting)");
        String json = json(sockets());
        topLevelNames(json);
        assertThat(json)
                .contains("\"protocol\" : \"tcp\"")
                .contains("\"local\" : \"127.0.0.1:8080\"")
                .contains("\"name\" : \"SO_REUSEADDR\"")
                .contains("\"other_end\" : 2")
                .contains("\"at_launch\" : \"listens again\"");
    }

    @Test
    void printText_hostileNamesOfSockets_cannotControlTheTerminal() throws IOException {
        SocketState socket = SocketSamples.tcp(
                SocketKind.OPEN, SocketAddress.NONE, 0, SocketSamples.option("SO\u001b[31m", 1, 2, false, 1));
        SocketState named =
                SocketSamples.unix(SocketKind.OPEN, SocketSamples.STREAM, 0, 0, 0, SocketSamples.unix("/x\u001b[31m"), 0);
        String text = text(new CheckpointBuilder()
                .socket(socket, new byte[0])
                .socket(named, new byte[0])
                .openFile(SocketSamples.file(0, 2))
                .openFile(SocketSamples.file(1, 2))
                .descriptor(new Descriptor(3, 0, false))
                .descriptor(new Descriptor(4, 1, false)));

        assertThat(text).contains("SO\\x1b").contains("/x\\x1b").doesNotContain("\u001b");
    }

    private static CheckpointBuilder sockets() {
        return new CheckpointBuilder()
                .socket(
                        SocketSamples.tcp(
                                SocketKind.LISTENING,
                                SocketSamples.inet(8080, 127, 0, 0, 1),
                                7,
                                SocketSamples.option("SO_REUSEADDR", 1, 2, false, 1, 0, 0, 0)),
                        new byte[0])
                .socket(
                        SocketSamples.unix(SocketKind.PAIRED, SocketSamples.STREAM, 0, 0, 2, SocketAddress.NONE, 0), new byte[5])
                .socket(
                        SocketSamples.unix(SocketKind.PAIRED, SocketSamples.STREAM, 0, 0, 1, SocketAddress.NONE, 0), new byte[0])
                .openFile(SocketSamples.file(0, 2))
                .openFile(SocketSamples.file(1, 2))
                .openFile(SocketSamples.file(2, 2))
                .descriptor(new Descriptor(3, 0, false))
                .descriptor(new Descriptor(4, 1, false))
                .descriptor(new Descriptor(5, 2, true));
    }

    @Test
    void open_program_isRefused() {
        assertThatThrownBy(() -> Inspection.open(Path.of("/bin/true"))).hasMessageContaining("it is an ELF file but no image");
    }

    @Test
    void open_brokenProgram_isRefused() throws IOException {
        byte[] head = new byte[100];
        head[0] = 0x7f;
        head[1] = 'E';
        head[2] = 'L';
        head[3] = 'F';
        Path file = Files.write(folder.resolve("elf"), head);

        assertThatThrownBy(() -> Inspection.open(file)).isInstanceOf(IOException.class).hasMessageContaining(file.toString());
    }

    private String text(CheckpointBuilder builder) throws IOException {
        StringWriter text = new StringWriter();
        try (Inspection inspection = Inspection.open(builder.write(folder.resolve("my.dat")));
                PrintWriter out = new PrintWriter(text)) {
            inspection.printText(out);
        }
        return text.toString();
    }

    private String json(CheckpointBuilder builder) throws IOException {
        StringWriter text = new StringWriter();
        try (Inspection inspection = Inspection.open(builder.write(folder.resolve("my.dat")));
                PrintWriter out = new PrintWriter(text)) {
            inspection.printJson(out);
        }
        return text.toString();
    }

    private static List<String> topLevelNames(String json) throws IOException {
        List<String> names = new ArrayList<>();
        JsonFactory strict = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
        int depth = 0;
        try (JsonParser parser = strict.createParser(json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                if (token == JsonToken.FIELD_NAME && depth == 1) {
                    names.add(parser.currentName());
                }
            }
        }
        return names;
    }

    private static Mapping fileMapping(Path file, long size, long mtimeNs) {
        Mapping sample = CheckpointSamples.mapping(0x7f0000000000L, 400, MappingKind.PRIVATE_FILE, 5, 0, file.toString());
        return new Mapping(
                sample.range(), sample.kind(), 5, 0, 0, 0, 1, 8, 1, sample.name(), size, mtimeNs, List.of());
    }

    private static long modified(Path file) throws IOException {
        return Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.undump.plan.CpuFeatures;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.ArrayList;

/** What programs ask the machine for when they start, and what an image's launch checks of it. */
final class MachineFacts {

    private static final long AT_NULL = 0;
    private static final long AT_MINSIGSTKSZ = 51;

    private final Path proc;
    private final Path cgroups;

    /**
     * Reads from given places.
     *
     * @param proc where proc(5) is mounted
     * @param cgroups where control groups are mounted
     */
    MachineFacts(Path proc, Path cgroups) {
        this.proc = proc;
        this.cgroups = cgroups;
    }

    List<KeyPart> parts() throws IOException {
        List<KeyPart> parts = new ArrayList<>();
        parts.add(new KeyPart("architecture", architecture()));
        processor(parts);
        parts.add(new KeyPart("cpu.signal-frame", Long.toString(signalFrame())));
        parts.add(new KeyPart("cpu.count", Integer.toString(allowedProcessors())));
        ControlGroups groups = ControlGroups.read(proc, cgroups);
        if (groups.processors() > 0) {
            parts.add(new KeyPart("cpu.quota", Long.toString(groups.processors())));
        }
        long memory = Math.min(memoryBytes(), groups.memoryBytes());
        parts.add(new KeyPart("memory.class", Long.toString(roundedUp(memory))));
        parts.add(new KeyPart("kernel", series(Files.readString(proc.resolve("sys/kernel/osrelease"), US_ASCII).strip())));
        return parts;
    }

    private static String architecture() {
        String name = System.getProperty("os.arch");
        return name.equals("amd64") ? "x86_64" : name;
    }

    /** The first processor only: the kernel uses no feature that one of them lacks, and writing out hundreds takes it long. */
    private void processor(List<KeyPart> parts) throws IOException {
        Map<String, String> lines = new HashMap<>();
        try (BufferedReader reader = Files.newBufferedReader(proc.resolve("cpuinfo"), US_ASCII)) {
            String line = reader.readLine();
            while (line != null && !line.isBlank()) {
                int colon = line.indexOf(':');
                if (colon > 0) {
                    lines.put(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
                }
                line = reader.readLine();
            }
        }
        TreeSet<String> features = new TreeSet<>(List.of(needed(lines, "flags").split(" ")));
        if (features.remove("pni")) {
            features.add("sse3");
        }
        features.retainAll(CpuFeatures.names());
        parts.add(new KeyPart("cpu.features", String.join(" ", features)));
        // The kernel names no feature that it has no use for itself (AMX-FP16, APX): those go with the model.
        String model = needed(lines, "vendor_id") + " " + needed(lines, "cpu family") + " " + needed(lines, "model");
        parts.add(new KeyPart("cpu.model", model));
    }

    private String needed(Map<String, String> lines, String name) throws KeyException {
        String value = lines.get(name);
        if (value == null) {
            throw new KeyException("describing the processor: " + proc.resolve("cpuinfo") + " has no line \"" + name + '"');
        }
        return value;
    }

    /** The kernel makes this of the size of its register state, which an image's launch compares. 0: an older kernel. */
    private long signalFrame() throws IOException {
        ByteBuffer vector = ByteBuffer.wrap(Files.readAllBytes(proc.resolve("self/auxv"))).order(ByteOrder.LITTLE_ENDIAN);
        while (vector.remaining() >= 2 * Long.BYTES) {
            long type = vector.getLong();
            long value = vector.getLong();
            if (type == AT_MINSIGSTKSZ) {
                return value;
            }
            if (type == AT_NULL) {
                break;
            }
        }
        return 0;
    }

    private int allowedProcessors() throws IOException {
        int count = 0;
        for (String range : StatusFile.read(proc).value("Cpus_allowed_list").split(",")) {
            String[] ends = range.strip().split("-");
            count += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
        }
        return count;
    }

    private long memoryBytes() throws IOException {
        for (String line : Files.readAllLines(proc.resolve("meminfo"), US_ASCII)) {
            if (line.startsWith("MemTotal:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        throw new KeyException("describing the machine: " + proc.resolve("meminfo") + " has no line \"MemTotal\"");
    }

    /** Machines of one kind differ by what firmware and kernel keep for themselves. */
    private static long roundedUp(long bytes) {
        long highest = Long.highestOneBit(bytes);
        return highest == bytes ? bytes : highest << 1;
    }

    private static String series(String release) {
        String[] numbers = release.split("[^0-9]+", 3);
        return numbers.length < 2 ? release : numbers[0] + "." + numbers[1];
    }
}

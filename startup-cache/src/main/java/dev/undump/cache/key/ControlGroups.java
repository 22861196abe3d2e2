// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What control groups allow a process, of versions 1 and 2: the least of its group and of those above, as far as they can be seen.
 *
 * @param processors that its quota pays for, rounded up; 0 without a quota
 * @param memoryBytes {@link Long#MAX_VALUE} without a limit
 */
record ControlGroups(long processors, long memoryBytes) {

    static ControlGroups read(Path proc, Path mount) throws IOException {
        long processors = 0;
        long memory = Long.MAX_VALUE;
        Path list = proc.resolve("self/cgroup");
        List<String> groups = Files.exists(list) ? Files.readAllLines(list, UTF_8) : List.of();
        for (String line : groups) {
            String[] fields = line.split(":", 3);
            if (fields.length < 3) {
                continue;
            }
            boolean unified = fields[1].isEmpty();
            Path top = unified ? mount : mount.resolve(fields[1]);
            String inside = fields[2].startsWith("/") ? fields[2].substring(1) : fields[2];
            for (Path group = top.resolve(inside).normalize(); group.startsWith(top); group = group.getParent()) {
                memory = Math.min(memory, number(group.resolve(unified ? "memory.max" : "memory.limit_in_bytes")));
                long allowed = unified ? quota(group) : oldQuota(group);
                processors = allowed > 0 && (processors == 0 || allowed < processors) ? allowed : processors;
            }
        }
        return new ControlGroups(processors, memory);
    }

    private static long quota(Path group) {
        String[] words = word(group.resolve("cpu.max")).orElse("max 100000").split(" ");
        return words.length < 2 || words[0].equals("max") ? 0 : share(words[0], words[1]);
    }

    private static long oldQuota(Path group) {
        Optional<String> quota = word(group.resolve("cpu.cfs_quota_us"));
        Optional<String> period = word(group.resolve("cpu.cfs_period_us"));
        return quota.isEmpty() || period.isEmpty() || quota.get().startsWith("-") ? 0 : share(quota.get(), period.get());
    }

    private static long share(String quota, String period) {
        long length = Long.parseLong(period);
        return length == 0 ? 0 : (Long.parseLong(quota) + length - 1) / length;
    }

    private static long number(Path file) {
        return word(file).filter(text -> text.matches("[0-9]{1,18}")).map(Long::valueOf).orElse(Long.MAX_VALUE);
    }

    /** A group without the controller has no such file. */
    private static Optional<String> word(Path file) {
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}

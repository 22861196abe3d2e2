// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Folders with what /proc and /sys/fs/cgroup of some machine say. */
final class FakeMachine {

    final Path proc;
    final Path cgroups;

    FakeMachine(Path folder) throws IOException {
        proc = folder.resolve("proc");
        cgroups = folder.resolve("cgroup");
        Files.createDirectories(proc.resolve("self/fd"));
        Files.createDirectories(proc.resolve("sys/kernel"));
        Files.createDirectories(cgroups.resolve("jobs/one"));
        write("proc/cpuinfo", """
                processor\t: 0
                vendor_id\t: GenuineIntel
                cpu family\t: 6
                model\t\t: 106
                model name\t: Some Processor @ 2.00GHz
                stepping\t: 6
                microcode\t: 0xd0003d1
                cpu MHz\t\t: 1999.99
                flags\t\t: fpu vme sse sse2 pni avx avx2 constant_tsc erms
                bugs\t\t: spectre_v1

                processor\t: 1
                vendor_id\t: GenuineIntel
                flags\t\t: fpu sse
                """);
        write("proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000 kB\n");
        write("proc/sys/kernel/osrelease", "6.1.0-21-amd64\n");
        write("proc/self/cgroup", "0::/jobs/one\n");
        write("proc/self/status", """
                Name:\tjava
                Umask:\t0022
                Pid:\t4711
                Uid:\t1000\t1000\t1000\t1000
                Gid:\t1001\t1001\t1001\t1001
                Groups:\t27 1001\s
                CapEff:\t0000000000000000
                NoNewPrivs:\t0
                Cpus_allowed_list:\t0-3,8
                voluntary_ctxt_switches:\t17
                """);
        write("proc/self/limits", """
                Limit                     Soft Limit           Hard Limit           Units    \s
                Max cpu time              unlimited            unlimited            seconds  \s
                Max stack size            8388608              unlimited            bytes    \s
                Max resident set          unlimited            unlimited            bytes    \s
                Max processes             63304                63304                processes\s
                Max open files            1024                 1048576              files    \s
                Max pending signals       63304                63304                signals  \s
                """);
        auxiliary(51, 3632);
    }

    void write(String file, String text) throws IOException {
        Files.writeString(proc.resolveSibling(file), text);
    }

    void replace(String file, String before, String after) throws IOException {
        String text = Files.readString(proc.resolveSibling(file));
        if (!text.contains(before)) {
            throw new IOException(file + " has no " + before);
        }
        write(file, text.replace(before, after));
    }

    void auxiliary(long type, long value) throws IOException {
        ByteBuffer vector = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        vector.putLong(6).putLong(4096).putLong(type).putLong(value).putLong(0).putLong(0);
        Files.write(proc.resolve("self/auxv"), vector.array());
    }
}

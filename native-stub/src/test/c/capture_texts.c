/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of /proc texts, byte buffers and checksums of the capture engine. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "capture/buffer.c"
#include "capture/crc32c.c"
#include "capture/file_lock_text.c"
#include "capture/memory_policy_text.c"
#include "capture/posix_timer_text.c"
#include "capture/proc_text.c"
#include "capture/watch_text.c"

#include "src/test/c/support/expect.h"

static const char STATUS[] = "Name:\tTgid: 9\nTgid:\t42\nUid:\t1\t2\t3\t4\nNSpid:\t42\t7\t1\nSigCgt:\t00000000000000ff\nUmask:\t0027\n";

static void fields_are_found_at_line_starts_only(void)
{
    expect(text_number(STATUS, "Tgid:", 10, 0) == 42, "Tgid, though the name looks like one");
    expect(text_number(STATUS, "SigCgt:", 16, 0) == 255, "hexadecimal");
    expect(text_number(STATUS, "Umask:", 8, 0) == 027, "octal");
    expect(text_number(STATUS, "Gid:", 10, 77) == 77, "a missing field gives the fallback");
    expect(text_number("A:\tx\n", "A:", 10, 5) == 5, "a field without a number gives the fallback");
    expect(text_last_number(STATUS, "NSpid:", 0) == 1, "the innermost namespace");
    expect(text_last_number("NSpid:\t9\n", "NSpid:", 0) == 9, "the only namespace");
    char line[4];
    text_line("abcdef\nx", line, sizeof(line));
    expect(strcmp(line, "abc") == 0, "a line is cut to its room");
}

static void stat_counts_from_the_last_bracket(void)
{
    const char *stat = "12 (a) R 1 (b) S 3 4 5 6\n";
    expect(stat_state(stat) == 'S', "state behind a name with brackets");
    expect(stat_field(stat, 4) == 3 && stat_field(stat, 7) == 6, "numbered fields");
    expect(stat_field(stat, 8) == 0, "a missing field");
    expect(stat_state("") == 0, "an empty text");
}

static void scheduler_times_are_nanoseconds(void)
{
    const char *sched = "x (1, #threads: 1)\n---\nse.exec_start                                :       1151129.913937\n"
                        "nr_voluntary_switches                        :                    12\n";
    expect(sched_nanoseconds(sched, "se.exec_start") == UINT64_C(1151129913937), "milliseconds with six digits");
    expect(sched_nanoseconds("se.exec_start : 3.5\n", "se.exec_start") == 3500000, "fewer digits");
    expect(sched_nanoseconds(sched, "se.vruntime") == 0, "missing");
    expect(sched_count(sched, "nr_voluntary_switches") == 12, "count");
}

static void map_lines_are_taken_apart(void)
{
    struct map_line map;
    expect(parse_map_line("7f00-7f10 rw-p 00001000 fe:02 339380                     /usr/lib/x y.so (deleted)\n", &map),
           "a file mapping");
    expect(map.start == 0x7f00 && map.end == 0x7f10 && map.offset == 0x1000 && map.dev_major == 0xfe &&
               map.dev_minor == 2 && map.inode == 339380 && strcmp(map.access, "rw-p") == 0,
           "its numbers");
    size_t length = map.name_length;
    expect(strip_deleted(map.name, &length) && length == strlen("/usr/lib/x y.so"), "deleted mark");
    expect(!strip_deleted("(deleted)", &(size_t){9}), "a name is not a mark");
    expect(parse_map_line("7f00-7f10 ---p 00000000 00:00 0 \n", &map) && map.name_length == 0, "no name");
    expect(!parse_map_line("Size:                  8 kB\n", &map), "details are no mapping");
    expect(!parse_map_line("VmFlags: rd mr mw me \n", &map), "flags are no mapping");
    expect(!parse_map_line("7f00-7f10 rw", &map) && !parse_map_line("", &map), "cut lines");
    char path[] = "a\\012b\\040\\01";
    size_t size = unescape_path(path, strlen(path));
    expect(size == strlen("a\nb\\040\\01") && memcmp(path, "a\nb\\040\\01", size) == 0, "only newlines are escaped");
}

static void vm_flags_have_two_letters(void)
{
    struct vm_flags flags;
    parse_vm_flags("rd wr mr mw me gd ac dp wf\n", &flags);
    expect(flags.flags == (CKPT_VMA_GROWSDOWN | CKPT_VMA_MAY_WRITE | CKPT_VMA_ACCOUNTED | CKPT_VMA_DROPPABLE |
                           CKPT_VMA_WIPEONFORK), "flags that are kept");
    expect(!flags.io && !flags.huge_pages && !flags.userfault && !flags.shadow_stack, "nothing refused");
    parse_vm_flags("rd io ht uw ss", &flags);
    expect(flags.io && flags.huge_pages && flags.userfault && flags.shadow_stack, "all refused");
    parse_vm_flags("", &flags);
    expect(flags.flags == 0, "no flags");
}

static void checksums_are_those_of_the_standard(void)
{
    uint8_t bytes[4097];
    memset(bytes, 0, sizeof(bytes));
    expect(crc32c(0, bytes, 32) == 0x8a9136aa, "32 zeros, RFC 3720 B.4");
    expect(crc32c(0, "123456789", 9) == 0xe3069283, "check value");
    expect(crc32c(0, bytes, 0) == 0, "nothing");
    expect(crc32c_zeros(0, 32) == 0x8a9136aa, "32 zeros at once");
    for (size_t zeros = 0; zeros < sizeof(bytes); zeros = zeros * 3 + 1)
        expect(crc32c_zeros(0xe3069283, zeros) == crc32c(0xe3069283, bytes, zeros), "zeros behind other bytes");
    expect(crc32c_zeros(crc32c_zeros(7, UINT64_C(1) << 40), 12345) == crc32c_zeros(7, (UINT64_C(1) << 40) + 12345),
           "many zeros");
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    uint32_t whole = crc32c(0, bytes, sizeof(bytes));
    expect(crc32c_by_table(0, bytes, sizeof(bytes)) == whole, "instruction and table agree");
    expect(crc32c(crc32c(0, bytes, 1001), bytes + 1001, sizeof(bytes) - 1001) == whole, "pieces");
}

static void buffers_grow_and_strings_end(void)
{
    struct buffer buffer = {0};
    for (int i = 0; i < 5000; i++)
        buffer_append(&buffer, "abc", 3);
    expect(buffer.size == 15000 && memcmp(buffer.data + 14997, "abc", 3) == 0, "appending");
    buffer_align(&buffer, 64);
    expect(buffer.size % 64 == 0 && buffer.data[buffer.size - 1] == 0, "alignment with zeros");
    buffer_free(&buffer);
    struct ckpt_string empty = strings_add_text(&buffer, ""), word = strings_add_text(&buffer, "word");
    expect(empty.offset == 0 && empty.length == 0, "the empty string");
    expect(word.offset == 1 && word.length == 4 && memcmp(buffer.data, "\0word\0", 6) == 0, "a string");
    buffer_free(&buffer);
}

static void timers_have_four_lines(void)
{
    const char *text = "ID: 3\nsignal: 34/00007ffd12345678\nnotify: signal/tid.4711\nClockID: -6\n"
                       "ID: 2147483647\nsignal: 0/0000000000000000\nnotify: none/pid.9\nClockID: 1\n";
    struct timer_entry entry;
    bool bad;
    expect(parse_timer_entry(&text, &entry, &bad), "a timer of a thread");
    expect(entry.id == 3 && entry.signal == 34 && entry.value == 0x7ffd12345678 && entry.notify == SIGEV_THREAD_ID &&
               entry.target == 4711 && entry.clock == -6, "what it is like");
    expect(parse_timer_entry(&text, &entry, &bad), "another timer");
    expect(entry.id == INT32_MAX && entry.notify == SIGEV_NONE && entry.target == 9 && entry.clock == 1, "which tells nobody");
    expect(!parse_timer_entry(&text, &entry, &bad) && !bad, "the end");
    static const char *const strange[] = {
        "ID: 3\nsignal: 34/0\nnotify: signal/gid.1\nClockID: 1\n", "ID: 3\nsignal: 34/0\nnotify: mail/pid.1\nClockID: 1\n",
        "ID: 3\nsignal: 34/0\nnotify: signal/pid.1\nClockID: 1", "ID: -3\nsignal: 34/0\nnotify: signal/pid.1\nClockID: 1\n",
        "ID: 3\nsignal: 34/0\nnotify: signal/pid.1\n",
    };
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        text = strange[i];
        expect(!parse_timer_entry(&text, &entry, &bad) && bad, strange[i]);
    }
}

static void locks_are_told_by_kind(void)
{
    struct ckpt_file_lock lock;
    expect(parse_lock("1: FLOCK  ADVISORY  WRITE 4711 fe:02:339380 0 EOF\n", &lock) == 0 && lock.kind == CKPT_LOCK_FLOCK &&
               lock.exclusive == 1 && lock.start == 0 && lock.length == 0, "a lock of a whole file");
    expect(parse_lock("12: POSIX  ADVISORY  READ  4711 fe:02:339380 100 149\n", &lock) == 0 &&
               lock.kind == CKPT_LOCK_PROCESS && lock.exclusive == 0 && lock.start == 100 && lock.length == 50, "of some bytes");
    expect(parse_lock("1: OFDLCK ADVISORY  WRITE -1 00:1f:12 5 EOF\n", &lock) == 0 && lock.kind == CKPT_LOCK_DESCRIPTION &&
               lock.start == 5 && lock.length == 0, "of a description");
    expect(parse_lock("1: LEASE  ACTIVE    WRITE 4711 00:1f:12 0 EOF\n", &lock) == -ENOTSUP, "a lease");
    expect(parse_lock("1: FLOCK  ADVISORY  UNLCK 4711 00:1f:12 0 EOF\n", &lock) == -EINVAL, "a lock that is none");
    expect(parse_lock("1: POSIX  ADVISORY  READ  4711 00:1f:12 9 8\n", &lock) == -EINVAL, "a range that ends before it starts");
    expect(parse_lock("1: POSIX  ADVISORY\n", &lock) == -EINVAL, "half a line");
}

static void watches_have_handles(void)
{
    struct watch_line watch;
    expect(parse_watch("wd:1f ino:2e3 sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8 fhandle-type:1 "
                       "f_handle:e3020000a1b2c3d4\n", &watch), "a watch");
    expect(watch.number == 31 && watch.inode == 0x2e3 && watch.device == 0x800013 && watch.mask == 0x800afce, "what it watches");
    expect(watch.handle_size == 8 && watch.handle_type == 1 && memcmp(watch.handle, "\xe3\x02\0\0\xa1\xb2\xc3\xd4", 8) == 0,
           "its handle");
    expect(parse_watch("wd:1 ino:1 sdev:1b mask:4 ignored_mask:0 \n", &watch) && watch.handle_size == 0, "a watch without one");
    expect(parse_watch("wd:1 ino:1 sdev:1b mask:4 ignored_mask:0 fhandle-bytes:ff fhandle-type:1 f_handle:00\n", &watch) &&
               watch.handle_size == 0, "one that is too long");
    expect(!parse_watch("wd:0 ino:1 sdev:1b mask:4 ignored_mask:0\n", &watch), "no number");
    expect(!parse_watch("wd:1 ino:1 sdev:1b\n", &watch), "half a line");
}

static void check_policy(const char *text, bool good, uint32_t mode, uint64_t nodes)
{
    uint32_t found_mode = 77;
    uint64_t found_nodes = 77;
    bool found = parse_memory_policy(text, &found_mode, &found_nodes);
    expect(found == good && (!good || (found_mode == mode && found_nodes == nodes)), text);
}

static void policies_have_modes_flags_and_nodes(void)
{
    check_policy("default file=/bin/x mapped=1\n", true, 0, 0);
    check_policy("bind:0 anon=3\n", true, 2, 1);
    check_policy("prefer:1\n", true, 1, 2);
    check_policy("prefer (many):0-2,5 anon=3\n", true, 5, 0x27);
    check_policy("interleave=static:0,2\n", true, 3 | 1 << 15, 5);
    check_policy("bind=relative|balancing:63\n", true, 2 | 1 << 14 | 1 << 13, UINT64_C(1) << 63);
    check_policy("weighted interleave:0-63\n", true, 6, ~UINT64_C(0));
    check_policy("local\n", true, 4, 0);
    check_policy("bind:64\n", false, 0, 0);
    check_policy("bind:2-1\n", false, 0, 0);
    check_policy("bind=unheard:0\n", false, 0, 0);
    check_policy("bindings:0\n", false, 0, 0);
    check_policy("bind:0x\n", false, 0, 0);
}

int main(void)
{
    fields_are_found_at_line_starts_only();
    stat_counts_from_the_last_bracket();
    scheduler_times_are_nanoseconds();
    map_lines_are_taken_apart();
    vm_flags_have_two_letters();
    timers_have_four_lines();
    locks_are_told_by_kind();
    watches_have_handles();
    policies_have_modes_flags_and_nodes();
    checksums_are_those_of_the_standard();
    buffers_grow_and_strings_end();
    return failures ? 1 : 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "restore/stub.h"

/* include/uapi/linux/capability.h, in the order of the numbers; one text, for the stub holds no tables of addresses. */
static const char NAMES[] =
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE ";

static void append_name(struct stub_line *line, const char *name)
{
    while (*name != ' ')
        line_append(line, "%c", (int64_t)*name++);
}

/* Only what the program had chosen to keep is worth a line: a program that happened to be root's rarely needs all. */
void rights_warn_missing(struct stub_state *state, uint64_t missing)
{
    struct stub_line *line = &state->line; /* nobody else speaks yet */
    const char *name = NAMES;
    const char *between = "";

    line->length = 0;
    for (uint32_t capability = 0; missing >> capability != 0 && capability < 63; capability++) {
        if ((missing >> capability & 1) != 0) {
            line_append(line, "%s", between);
            between = ", ";
            if (*name == '\0') {
                line_append(line, "capability %u", (uint64_t)capability);
            } else {
                line_append(line, "CAP_");
                append_name(line, name);
            }
        }
        while (*name != '\0' && *name++ != ' ')
            ;
    }
    if (line->length == STUB_LINE_BYTES)
        line->length--;
    line->bytes[line->length] = '\0';
    stub_warn(state, "the program had kept %s, which this launch has not: what needs it will fail", line->bytes);
}

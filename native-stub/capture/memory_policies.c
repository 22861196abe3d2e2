/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "rights.h"

#include <errno.h>
#include <string.h>

#include "memory_policy_text.h"
#include "proc_files.h"

/* Lines tell where a mapping starts, not where it ends: that is where one of the stopped program ends which starts there. */
int look_at_memory_policies(struct capture *capture)
{
    AUTO_BUFFER struct buffer text = {0};
    if (read_proc(&text, "%d/numa_maps", capture->pid) < 0) /* a kernel without memory nodes */
        return 0;
    for (char *line = (char *)text.data; line && *line; ) {
        struct ckpt_memory_policy policy = {0};
        char *end;
        policy.start = strtoull(line, &end, 16);
        if (*end == ' ' && strncmp(end + 1, "default", 7) != 0) {
            if (!parse_memory_policy(end + 1, &policy.mode, &policy.nodes))
                return refuse(capture->report, -ENOTSUP, "capturing process %d: memory at %llx has a policy that is not known: %.*s",
                       capture->pid, (unsigned long long)policy.start, (int)strcspn(end + 1, " \n"), end + 1);
            buffer_append(&capture->memory_policies, &policy, sizeof(policy));
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return 0;
}

void settle_memory_policies(struct capture *capture)
{
    struct ckpt_memory_policy *policies = (void *)capture->memory_policies.data;
    const struct ckpt_rights *leader = &capture->threads[0].rights;
    size_t count = capture->memory_policies.size / sizeof(*policies), kept = 0, next = 0;
    for (size_t i = 0; i < count; i++) {
        struct ckpt_memory_policy policy = policies[i];
        while (next < capture->mapping_count && capture->mappings[next].record.start < policy.start)
            next++;
        if (next == capture->mapping_count || capture->mappings[next].record.start != policy.start ||
            (policy.mode == leader->policy && policy.nodes == leader->policy_nodes))
            continue;
        policy.end = capture->mappings[next].record.end;
        policies[kept++] = policy;
    }
    if (count)
        capture->memory_policies.size = kept * sizeof(*policies);
}

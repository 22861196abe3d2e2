// SPDX-License-Identifier: Apache-2.0
/* Launches a hand-made image with lazy memory: from the mapping to calls through undump_intercept, as written by undump. */
#define _GNU_SOURCE
#include "src/test/c/support/image_launcher.h"

#define LAZY_PAGES 64UL
#define RW (PROT_READ | PROT_WRITE)

static struct builder *lazy_builder(uint64_t active, uint32_t protection)
{
    struct builder *builder = launch_builder(PAYLOAD_LAZY, 1);
    const struct image_lazy_range range = {.address = PAYLOAD_PLACE(1), .length = LAZY_PAGES * BUILDER_PAGE};
    uint64_t words[LAZY_PAGES][BUILDER_PAGE / 8] = {{0}};

    for (uint64_t page = 0; page < LAZY_PAGES; page++)
        words[page][0] = words[page][511] = page + 1;
    builder->plan.lazy_ranges = builder_table(builder, &range, 1, sizeof(range));
    builder->plan.coverage = builder_string(builder, "hand-made");
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, range.address, range.length, RW, 0);
    builder_memory(builder, IMAGE_MEMORY_LAZY, range.address, range.length, protection,
                   builder_data(builder, words, sizeof(words)));
    if (protection != RW)
        builder_memory(builder, IMAGE_MEMORY_PROTECT, range.address, range.length, RW, 0);
    launch_data(builder)->intercept = BUILDER_SLOT + builder_symbol(builder, "undump_intercept");
    launch_data(builder)->lazy_active = active;
    return builder;
}

/* There is no /proc below the test's own folder. Root makes one that is mounted nowhere, others cannot. */
static void enter_folder(void *as_root)
{
    if (chroot(work_folder()) != 0 || chdir("/") != 0 || (as_root == NULL && setresuid(65534, 65534, 65534) != 0))
        _exit(127);
}

static void without_proc(bool as_root, uint32_t protection)
{
    struct launch_conditions conditions = {.prepare = enter_folder, .argument = as_root ? &conditions : NULL};
    struct builder *builder;

    if (geteuid() != 0) {
        puts("skipped: chroot: needs root");
        return;
    }
    builder = lazy_builder(as_root, protection);
    image_write(builder, launch_path());
    builder_free(builder);
    if (chmod(launch_path(), 0755) != 0)
        err(1, "%s", launch_path());
    expect(as_root ? "no /proc, root" : "no /proc: read at once", launch_file(strrchr(launch_path(), '/'), &conditions),
           PAYLOAD_GOOD, NULL);
    unlink(launch_path());
}

int main(void)
{
    expect("lazy", launch_once(lazy_builder(1, RW)), PAYLOAD_GOOD, NULL);
    expect("lazy, read-only", launch_once(lazy_builder(1, PROT_READ)), PAYLOAD_GOOD, NULL);
    without_proc(true, RW);
    without_proc(false, RW);
    without_proc(false, PROT_READ);
    return launch_failures != 0;
}

// SPDX-License-Identifier: Apache-2.0
/* Launches damaged images, and images that this machine is not fit for: words and status 125, never a signal. */
#define _GNU_SOURCE
#include "src/test/c/support/image_launcher.h"

static void missing_features_are_named_together(void)
{
    struct builder *builder = launch_builder(PAYLOAD_EXIT, 1);
    struct image_cpu_feature features[3] = {
        {.leaf = 1, .reg = 3, .mask = 1, .name = builder_string(builder, "fpu")},
        {.leaf = 0x40001234, .reg = 0, .mask = 0x80000000, .name = builder_string(builder, "one")},
        {.leaf = 0x40001234, .reg = 1, .mask = 0x80000000, .name = builder_string(builder, "two")},
    };

    builder->plan.cpu_features = builder_table(builder, features, 3, sizeof(features[0]));
    expect("missing features", launch_once(builder), IMAGE_EXIT_STATUS, "this processor lacks one, two, which");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.xcr0 |= 1UL << 60;
    expect("missing component", launch_once(builder), IMAGE_EXIT_STATUS, "xsave components 0x1000000000000000");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.max_xsave_size = 600;
    expect("large xsave area", launch_once(builder), IMAGE_EXIT_STATUS, "reserve only 600");
    builder = launch_builder(PAYLOAD_EXIT, 1);
    builder->plan.min_kernel_major = 99;
    expect("old kernel", launch_once(builder), IMAGE_EXIT_STATUS, "needs Linux 99.0 or newer");
}

static void patch_file(uint64_t offset, const void *bytes, size_t size)
{
    int fd = open(launch_path(), O_WRONLY | O_CLOEXEC);

    builder_write_at(fd, bytes, size, offset);
    close(fd);
}

/* From the second page of the stub on: the first page sees it. */
static void truncated_images_are_seen(struct builder **builder, uint64_t from, uint64_t end)
{
    for (uint64_t size = from; size < end; size += 1111) {
        builder_free(*builder);
        *builder = threads_builder(2);
        image_write(*builder, launch_path());
        if (truncate(launch_path(), (off_t)size) < 0)
            err(1, "truncate");
        expect("truncated", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "truncated");
    }
}

static void damage_is_found(void)
{
    struct builder *builder = threads_builder(2);
    struct builder_places places = builder_place(builder);
    uint64_t version = IMAGE_VERSION + 1, end;

    image_write(builder, launch_path());
    end = builder->plan.image_size;
    patch_file(BUILDER_ID_OFFSET, "x", 1);
    expect("other id", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "not this image");
    patch_file(BUILDER_ID_OFFSET, "h", 1);
    patch_file(places.plan + 1000, "\xff", 1);
    expect("flipped bit", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "checksum of its plan");
    patch_file(places.plan + offsetof(struct image_plan, version), &version, 4);
    expect("too new", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "too new version");
    patch_file(places.plan, "?", 1);
    expect("no plan", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "magic number");
    if (truncate(launch_path(), (off_t)(end - 1)) < 0)
        err(1, "truncate");
    patch_file(places.plan, "U", 1);
    version = IMAGE_VERSION;
    patch_file(places.plan + offsetof(struct image_plan, version), &version, 4);
    expect("one byte short", launch_file(launch_path(), NULL), IMAGE_EXIT_STATUS, "truncated");
    truncated_images_are_seen(&builder, places.text + 4096, end);
    builder_free(builder);
    unlink(launch_path());
}

int main(void)
{
    missing_features_are_named_together();
    damage_is_found();
    return launch_failures != 0;
}

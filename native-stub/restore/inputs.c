// SPDX-License-Identifier: Apache-2.0
/*
 * Are the files that the program has seen while it was warmed still the same? Asked before anything of the launch has changed,
 * so that another command can take its place as if it had been called at once.
 *
 * Method: what stat(2) tells of an unchanged file is unchanged, ctime above all, which nobody can set back. So that is one
 * call for each; only where it differs, contents are looked at.
 */
#include "restore/stub.h"

#include "restore/sha256.h"

/* What is wrong with an input, as words behind its path; NULL: nothing. */
static const char is_missing[] = "is not there any more";
static const char is_there[] = "is there by now";
static const char is_hidden[] = "cannot be looked at any more";
static const char is_another_kind[] = "is another kind of file by now";
static const char has_changed[] = "has changed";

static bool is_time(const struct abi_statx_time *found, int64_t nanoseconds)
{
    return (uint64_t)found->seconds * NANOSECONDS + found->nanoseconds == (uint64_t)nanoseconds;
}

static bool is_as_it_was(const struct image_input *input, const struct abi_statx *found)
{
    return found->mode == input->mode && found->size == input->size && found->inode == input->inode &&
           is_time(&found->modification, input->mtime_ns) && is_time(&found->change, input->ctime_ns);
}

static bool is_kind(uint32_t mode, uint32_t kind)
{
    return (mode & ABI_S_IFMT) == kind;
}

static bool is_not_found(int64_t error)
{
    return error == -ABI_ENOENT || error == -ABI_ENOTDIR;
}

/* ---- contents ---- */

/* Fails where the file has become shorter or longer since it was looked at. */
static bool digest_file(struct stub_state *state, int fd, uint64_t size, uint8_t ret_digest[SHA256_BYTES])
{
    struct sha256 sum;

    sha256_begin(&sum);
    for (;;) {
        int64_t count = sys_read(fd, state->buffer, sizeof(state->buffer));

        if (count == -ABI_EINTR)
            continue;
        if (is_error(count))
            return false;
        if (count == 0)
            break;
        sha256_add(&sum, state->buffer, (uint64_t)count);
    }
    if (sum.length != size)
        return false;
    sha256_end(&sum, ret_digest);
    return true;
}

/* d_type as far as it counts, also where the file system does not tell it. */
static uint8_t type_of(int directory, const struct abi_directory_entry *entry)
{
    struct abi_statx found;

    if (entry->type == ABI_DT_UNKNOWN &&
        !is_error(sys_statx_at(directory, entry->name, ABI_AT_SYMLINK_NOFOLLOW, &found)))
        return is_kind(found.mode, ABI_S_IFDIR)   ? ABI_DT_DIR
               : is_kind(found.mode, ABI_S_IFREG) ? ABI_DT_REG
               : is_kind(found.mode, ABI_S_IFLNK) ? ABI_DT_LNK
                                                  : 0;
    return entry->type == ABI_DT_DIR || entry->type == ABI_DT_REG || entry->type == ABI_DT_LNK ? entry->type : 0;
}

/* Adds little-endian numbers of 256 bits. */
static void add_to_sum(uint8_t total[SHA256_BYTES], const uint8_t digest[SHA256_BYTES])
{
    uint32_t carry = 0;

    for (int i = 0; i < SHA256_BYTES; i++) {
        carry += (uint32_t)total[i] + digest[i];
        total[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static bool digest_directory(struct stub_state *state, int fd, uint8_t ret_digest[SHA256_BYTES])
{
    int64_t count;

    memset(ret_digest, 0, SHA256_BYTES);
    while ((count = sys_getdents(fd, state->buffer, sizeof(state->buffer))) > 0) {
        const struct abi_directory_entry *entry;

        for (int64_t at = 0; at < count; at += entry->size) {
            uint8_t digest[SHA256_BYTES], type;
            struct sha256 sum;

            entry = (const struct abi_directory_entry *)(state->buffer + at);
            if (text_equal(entry->name, ".") || text_equal(entry->name, ".."))
                continue;
            type = type_of(fd, entry);
            sha256_begin(&sum);
            sha256_add(&sum, &type, sizeof(type));
            sha256_add(&sum, entry->name, text_length(entry->name));
            sha256_end(&sum, digest);
            add_to_sum(ret_digest, digest);
        }
    }
    return count == 0;
}

/* What stands at the path by now must not make the launch wait. */
static bool digest_opened(struct stub_state *state, const struct image_input *input, const char *path,
                          uint8_t ret_digest[SHA256_BYTES])
{
    const bool directory = input->kind == IMAGE_INPUT_DIRECTORY;
    int64_t fd = sys_open(path, ABI_O_RDONLY | ABI_O_CLOEXEC | ABI_O_NONBLOCK | ABI_O_NOCTTY | (directory ? ABI_O_DIRECTORY : 0));
    bool done;

    if (is_error(fd))
        return false;
    done = directory ? digest_directory(state, (int)fd, ret_digest) : digest_file(state, (int)fd, input->size, ret_digest);
    sys_close((int)fd);
    return done;
}

static bool digest_link(struct stub_state *state, const char *path, uint8_t ret_digest[SHA256_BYTES])
{
    int64_t length = sys_readlink(path, (char *)state->buffer, sizeof(state->buffer));
    struct sha256 sum;

    if (is_error(length))
        return false;
    sha256_begin(&sum);
    sha256_add(&sum, state->buffer, (uint64_t)length);
    sha256_end(&sum, ret_digest);
    return true;
}

/* ---- one input ---- */

static const char *compare_contents(struct stub_state *state, const struct image_input *input, const char *path)
{
    uint8_t digest[SHA256_BYTES];
    bool done = input->kind == IMAGE_INPUT_LINK ? digest_link(state, path, digest)
                                                : digest_opened(state, input, path, digest);

    if (!done)
        return is_hidden;
    return memcmp(digest, input->digest, sizeof(digest)) == 0 ? NULL : has_changed;
}

static const char *compare(struct stub_state *state, const struct image_input *input, const struct abi_statx *found,
                           const char *path)
{
    const bool regular = is_kind(found->mode, ABI_S_IFREG);

    if (!is_kind(found->mode, input->mode & ABI_S_IFMT))
        return is_another_kind;
    if (regular && found->size != input->size)
        return has_changed;
    if (input->kind != IMAGE_INPUT_STATUS)
        return compare_contents(state, input, path);
    if (found->mode != input->mode || (regular && !is_time(&found->modification, input->mtime_ns)))
        return has_changed;
    return NULL;
}

/* A link that leads nowhere is not found by most calls, but by some. */
static const char *look_for_missing(const struct image_input *input, const char *path)
{
    struct abi_statx found;
    int64_t result = sys_statx_at(ABI_AT_FDCWD, path, ABI_AT_SYMLINK_NOFOLLOW, &found);

    if (!is_error(result) && input->mode != 0 && is_kind(found.mode, ABI_S_IFLNK))
        result = sys_statx_at(ABI_AT_FDCWD, path, 0, &found);
    else if (input->mode != 0)
        return has_changed;
    if (is_not_found(result))
        return NULL;
    return is_error(result) ? is_hidden : is_there;
}

static const char *look(struct stub_state *state, const struct image_input *input, const char *path)
{
    struct abi_statx found;
    int64_t result;

    if (input->kind == IMAGE_INPUT_MISSING)
        return look_for_missing(input, path);
    result = sys_statx_at(ABI_AT_FDCWD, path, is_kind(input->mode, ABI_S_IFLNK) ? ABI_AT_SYMLINK_NOFOLLOW : 0, &found);
    if (is_error(result))
        return is_not_found(result) ? is_missing : is_hidden;
    return is_as_it_was(input, &found) ? NULL : compare(state, input, &found, path);
}

void inputs_check(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;

    if (plan->inputs.count == 0)
        return;
    fallback_learn(state);
    for_each_record(input, image_input, plan, plan->inputs) {
        const char *path = plan_string(plan, input->path);
        const char *change = look(state, input, path);

        if (change != NULL)
            fallback_run(state, path, change);
    }
}

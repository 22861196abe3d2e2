// SPDX-License-Identifier: Apache-2.0
/*
 * Socket files that nobody has any more, as servers that were killed leave them behind: they stand in the way of bind(2).
 *
 * A look at the file and its removal are two moments. In between another program may do the same and bind there, and its living
 * name would be removed. So the file is first taken away, by a rename to a private name in its directory, and then looked at once
 * more: what is dead under a name that nobody knows stays dead, because bind always makes a new file. What is alive is given back.
 * Not even a bind in progress is missed: its file is there a moment before its socket is known, but it keeps the directory locked
 * until then, so the rename waits (net/unix/af_unix.c, unix_bind_bsd).
 */
#include "restore/stub.h"

#define PRIVATE_NAME_BYTES 48

/* The directory is made the working one meanwhile: so the private name fits into an address. */
struct takeover {
    const char *name; /* of the file in its directory */
    char private_name[PRIVATE_NAME_BYTES];
    int64_t back; /* descriptor of the working directory */
};

/*
 * Whether the name is a socket that no process has any more. A socket of datagrams that connects there tells, and disturbs
 * nobody: with a living one of another type it is EPROTOTYPE, and datagrams know no connection at the other end.
 */
static bool is_stale(const char *name)
{
    struct abi_sockaddr_un address = {.family = ABI_AF_UNIX};
    struct abi_stat stat;
    int64_t probe, result;
    uint64_t length = text_length(name);

    if (length > sizeof(address.path) || is_error(sys_lstat(name, &stat)) || (stat.mode & ABI_S_IFMT) != ABI_S_IFSOCK)
        return false;
    memcpy(address.path, name, length);
    probe = sys_socket(ABI_AF_UNIX, ABI_SOCK_DGRAM | ABI_O_CLOEXEC, 0);
    if (is_error(probe))
        return false;
    result = sys_connect((int)probe, &address, (uint32_t)(sizeof(address.family) + length)); /* need not end in zero */
    sys_close((int)probe);
    return result == -ABI_ECONNREFUSED;
}

/* Never over a file that is there. Some file systems (NFS) cannot say that to rename, so there it is looked up before. */
static int64_t rename_aside(const struct takeover *takeover)
{
    struct abi_stat stat;
    int64_t result = sys_rename(takeover->name, takeover->private_name, ABI_RENAME_NOREPLACE);

    if (result == -ABI_EINVAL && sys_lstat(takeover->private_name, &stat) == -ABI_ENOENT)
        result = sys_rename(takeover->name, takeover->private_name, 0);
    return result;
}

/* A hard link takes nothing away, either, where rename cannot say so. */
static int64_t rename_back(const struct takeover *takeover)
{
    int64_t result = sys_rename(takeover->private_name, takeover->name, ABI_RENAME_NOREPLACE);

    if (result == -ABI_EINVAL) {
        result = sys_link(takeover->private_name, takeover->name);
        if (!is_error(result))
            sys_unlink(takeover->private_name);
    }
    return result;
}

/* Returns whether the name is free now. Does not return when a living file cannot be given back. */
static bool take_away(struct stub_state *state, const struct takeover *takeover, const char *path)
{
    int64_t result;

    if (!is_stale(takeover->name) || is_error(rename_aside(takeover)))
        return false;
    if (is_stale(takeover->private_name))
        return !is_error(sys_unlink(takeover->private_name));
    result = rename_back(takeover);
    if (is_error(result))
        stub_fail(state, "%s is in use by another program that came in this moment, and its file could not be given its name back: "
                  "%e; it is called %s in the same directory", path, result, takeover->private_name);
    return false;
}

/* Goes to the file's directory, if the way back is open. */
static bool enter_directory(struct takeover *takeover, const char *path)
{
    char directory[sizeof(((struct abi_sockaddr_un *)0)->path) + 1];
    uint32_t length = 0;

    for (uint32_t i = 0; path[i] != '\0' && i < sizeof(directory) - 1; i++) {
        directory[i] = path[i];
        if (path[i] == '/')
            length = i + 1;
    }
    directory[length] = '\0';
    takeover->name = path + length;
    takeover->back = sys_open(".", ABI_O_PATH | ABI_O_CLOEXEC);
    if (is_error(takeover->back))
        return false;
    if (!is_error(sys_fchdir((int)takeover->back)) && (length == 0 || !is_error(sys_chdir(directory))))
        return true;
    sys_close((int)takeover->back);
    return false;
}

bool socket_take_stale_name(struct stub_state *state, int fd, const char *path)
{
    struct takeover takeover;
    struct stub_line line = {.length = 0};
    bool taken;

    if (!enter_directory(&takeover, path))
        return false;
    line_append(&line, ".undump-%d-%d", state->pid, (int64_t)fd);
    memcpy(takeover.private_name, line.bytes, line.length);
    takeover.private_name[line.length] = '\0';
    taken = take_away(state, &takeover, path);
    sys_fchdir((int)takeover.back);
    sys_close((int)takeover.back);
    return taken;
}

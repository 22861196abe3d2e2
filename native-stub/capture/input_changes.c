/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program has made, written and removed itself. A file that it has written to is known by device and inode, which tells
 * it by all its names; what was made or removed, by the folder's device and inode and the name in it, for inodes are used again.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "inputs.h"

#define KEY_BYTES (NAME_MAX + 64)

static void key_of_file(char key[KEY_BYTES], const struct look *look)
{
    snprintf(key, KEY_BYTES, "file %llx:%llx", (unsigned long long)look->device, (unsigned long long)look->inode);
}

/* Cuts the last name off. Returns it, or NULL when there is none that could be made or removed; the path then ends where the look at
 * the folders above goes on. */
static char *cut_name(char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = 0;
    char *slash = strrchr(path, '/');
    if (!slash || !slash[1])
        return NULL;
    *slash = 0;
    return slash + 1;
}

/* The key of a name in the folder at path. False when that folder is not there. */
static bool key_of_name(char key[KEY_BYTES], const char *folder, const char *name)
{
    struct look look;
    if (look_at(*folder ? folder : "/", false, &look) < 0 || !S_ISDIR(look.mode) || strlen(name) > NAME_MAX)
        return false;
    snprintf(key, KEY_BYTES, "name %llx:%llx/%s", (unsigned long long)look.device, (unsigned long long)look.inode, name);
    return true;
}

void inputs_own_file(struct inputs *inputs, const struct look *look)
{
    char key[KEY_BYTES];
    key_of_file(key, look);
    if (look->mode && names_add(&inputs->own, key, NULL) < 0)
        inputs->failed = true;
}

void inputs_own_name(struct inputs *inputs, const char *path)
{
    char key[KEY_BYTES], *folder = strdup(path), *name = folder ? cut_name(folder) : NULL;
    struct look look;
    if (!folder)
        inputs->failed = true;
    if (name && key_of_name(key, folder, name)) {
        if (names_add(&inputs->own, key, NULL) < 0)
            inputs->failed = true;
        if (look_at(*folder ? folder : "/", false, &look) == 0)
            inputs_own_file(inputs, &look); /* its entries are others now */
    }
    free(folder);
}

/* A name, or a folder above it: what lies below a folder that was made, moved or removed came and went with it. */
static bool has_own_name(const struct inputs *inputs, const char *path)
{
    char key[KEY_BYTES], *rest = strdup(path), *name;
    bool own = false;
    while (rest && !own && (name = cut_name(rest)) != NULL)
        own = key_of_name(key, rest, name) && names_find(&inputs->own, key) >= 0;
    free(rest);
    return own;
}

static bool is_own_file(const struct inputs *inputs, const struct look *look)
{
    char key[KEY_BYTES];
    key_of_file(key, look);
    return look->mode && names_find(&inputs->own, key) >= 0;
}

/* A folder in which the program has made something is not its making. */
bool is_own_making(const struct inputs *inputs, const char *path, const struct look *now)
{
    if (inputs->own.count == 0)
        return false;
    return (!S_ISDIR(now->mode) && is_own_file(inputs, now)) || has_own_name(inputs, path);
}

bool is_own_change(const struct inputs *inputs, const char *path, const struct look *before, const struct look *now)
{
    if (inputs->own.count == 0)
        return false;
    bool in_place = before->mode && now->mode && before->device == now->device && before->inode == now->inode;
    return (in_place && is_own_file(inputs, now)) || has_own_name(inputs, path);
}

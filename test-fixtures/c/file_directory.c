/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A directory stream that was read half: the other half follows, no entry twice, none missing. */
enum { ENTRIES = 2000 };

static unsigned char seen[ENTRIES];

static int read_entries(DIR *stream, int limit) {
    int count = 0;
    struct dirent *entry;
    while (count < limit && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != 'e')
            continue;
        int number = atoi(entry->d_name + 1);
        CHECK(number >= 0 && number < ENTRIES, "a strange entry %s", entry->d_name);
        CHECK(!seen[number], "entry %d came twice", number);
        seen[number] = 1;
        count++;
    }
    return count;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a directory read half is read to its end, and serves openat");
    char name[64], path[96];
    snprintf(name, sizeof name, "entries-%d", (int)getpid());
    MUST(mkdir(name, 0755));
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(path, sizeof path, "%s/e%04d", name, i);
        MUST(close((int)MUST(open(path, O_WRONLY | O_CREAT | O_EXCL, 0644))));
    }
    DIR *stream = opendir(name);
    CHECK(stream != NULL, "opendir: errno %d", errno);
    CHECK_EQ(read_entries(stream, ENTRIES / 2), ENTRIES / 2);
    DIR *whole = opendir(name);
    CHECK(whole != NULL, "opendir: errno %d", errno);
    while (readdir(whole) != NULL)
        continue;
    int directory = (int)MUST(open(name, O_PATH | O_DIRECTORY | O_CLOEXEC));

    ready_and_wait();

    CHECK_EQ(read_entries(stream, ENTRIES), ENTRIES - ENTRIES / 2);
    rewinddir(stream);
    memset(seen, 0, sizeof seen);
    CHECK_EQ(read_entries(stream, ENTRIES + 1), ENTRIES);
    CHECK(readdir(whole) == NULL, "a directory that was read to its end gives more");
    rewinddir(whole);
    memset(seen, 0, sizeof seen);
    CHECK_EQ(read_entries(whole, ENTRIES + 1), ENTRIES);
    MUST(faccessat(directory, "e0001", F_OK, 0));
    CHECK_EQ(fcntl(directory, F_GETFL) & O_PATH, O_PATH);
    pass();
}

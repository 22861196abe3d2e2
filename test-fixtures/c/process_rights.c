/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * Rights that a program of root's has given up. Launched by root again, it must not have them back, nor get them back by
 * executing another program.
 */
struct rights {
    uint64_t inheritable, permitted, effective, bounding, ambient;
    int securebits;
};

#define BIT(capability) (UINT64_C(1) << (capability))

static void set_capabilities(uint64_t permitted, uint64_t effective, uint64_t inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++)
        data[i] = (struct __user_cap_data_struct){(uint32_t)(effective >> 32 * i), (uint32_t)(permitted >> 32 * i),
                                                  (uint32_t)(inheritable >> 32 * i)};
    MUST(syscall(SYS_capset, &header, data));
}

static struct rights read_rights(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    struct rights rights = {0};
    MUST(syscall(SYS_capget, &header, data));
    rights.permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    rights.effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    rights.inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
    for (int capability = 0; capability < 64; capability++) {
        if (prctl(PR_CAPBSET_READ, capability) == 1)
            rights.bounding |= BIT(capability);
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1)
            rights.ambient |= BIT(capability);
    }
    rights.securebits = (int)MUST(prctl(PR_GET_SECUREBITS));
    return rights;
}

static void check_rights(const char *who, struct rights then) {
    struct rights now = read_rights();
    CHECK(now.permitted == then.permitted, "%s: permitted %llx, was %llx", who, (long long)now.permitted, (long long)then.permitted);
    CHECK(now.effective == then.effective, "%s: effective %llx, was %llx", who, (long long)now.effective, (long long)then.effective);
    CHECK(now.inheritable == then.inheritable, "%s: inheritable %llx, was %llx", who, (long long)now.inheritable,
          (long long)then.inheritable);
    CHECK(now.bounding == then.bounding, "%s: bounding %llx, was %llx", who, (long long)now.bounding, (long long)then.bounding);
    CHECK(now.ambient == then.ambient, "%s: ambient %llx, was %llx", who, (long long)now.ambient, (long long)then.ambient);
    /* As root a program that was not root's has SECBIT_NOROOT in addition. */
    CHECK((now.securebits & then.securebits) == then.securebits, "%s: securebits %x, were %x", who, now.securebits,
          then.securebits);
}

static const gid_t groups[] = {5, 27, 4242};
static volatile int helper_ready, go;
static struct rights helpers;

/* Keeps less than the main thread. */
static void *helper(void *unused) {
    (void)unused;
    set_capabilities(BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_KILL), 0);
    helpers = read_rights();
    raise_flag(&helper_ready);
    await_flag(&go);
    check_rights("thread", helpers);
    return NULL;
}

static void keep_some(void) {
    uint64_t kept = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETPCAP);
    MUST(setgroups(3, groups));
    MUST(prctl(PR_CAPBSET_DROP, CAP_NET_RAW));
    MUST(prctl(PR_CAPBSET_DROP, CAP_SYS_TIME));
    MUST(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP));
    set_capabilities(kept, BIT(CAP_SETPCAP) | BIT(CAP_CHOWN), BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_CHOWN));
    MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0));
    set_capabilities(kept & ~BIT(CAP_SETPCAP), BIT(CAP_CHOWN), BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_CHOWN));
}

static void give_up_root(void) {
    MUST(setgroups(0, NULL));
    MUST(syscall(SYS_setresgid, 65534, 65534, 65534));
    MUST(syscall(SYS_setresuid, 65534, 65534, 65534));
    MUST(prctl(PR_SET_DUMPABLE, 1));
    MUST(prctl(PR_SET_KEEPCAPS, 1));
}

static void check_groups(int count) {
    gid_t found[16];
    CHECK_EQ(getgroups(16, found), count);
    for (int i = 0; i < count; i++)
        CHECK_EQ(found[i], groups[i]);
}

/* What another program would have that this one executes. */
static void check_executed(void) {
    char line[64] = "";
    FILE *stream = popen("exec grep CapPrm /proc/self/status", "r");
    CHECK(stream && fgets(line, sizeof line, stream), "grep gave nothing: errno %d", errno);
    pclose(stream);
    CHECK(strtoull(strchr(line, ':') + 1, NULL, 16) == 0, "an executed program has %s", line);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "capabilities, securebits and groups that root's program gave up do not come back");
    bool kept = variant_is("kept");
    if (geteuid() != 0)
        skip("only root can give up its rights");
    if (kept)
        keep_some();
    else
        give_up_root();
    struct rights mine = read_rights();
    pthread_t thread = 0;
    if (kept) {
        thread = start_thread(helper, NULL);
        await_flag(&helper_ready);
    }
    ready_and_wait();
    check_rights("main thread", mine);
    check_groups(kept ? 3 : 0);
    raise_flag(&go);
    if (kept)
        join_thread(thread);
    else
        check_executed();
    pass();
}

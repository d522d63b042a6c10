// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host's files (sensors/address/tree.h) that hold anything: the first two bytes say which there
 * are, and each holds the rest. Whoever is in charge then, its cure can be written, in bounds.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "sensors/address/cure.h"

static const char *const files[] = {
    "/etc/network/interfaces",
    "/etc/systemd/network/a.network",
    "/etc/systemd/network/a.network.d/b.conf",
    "/run/systemd/netif/links/7",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/NetworkManager/system-connections/x",
    "/run/NetworkManager/devices/7",
    "/etc/dhcpcd.conf",
    "/var/lib/dhcp/dhclient6.leases",
    "/var/lib/dhcpcd/duid",
};
static char root[] = "/tmp/fuzz-managers-XXXXXX";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "managers: %s\n", what);
    abort();
}

static void path_of(size_t i, char ret[static 128])
{
    snprintf(ret, 128, "%s%s", root, files[i]);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void clean(void)
{
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[128];

    (void)argc;
    (void)argv;
    must(mkdtemp(root), "no folder");
    atexit(clean);
    for (size_t i = 0; i < PK_ARRAY_SIZE(files); i++) {
        path_of(i, path);
        for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); *p++ = '/') {
            *p = '\0';
            mkdir(path, 0700);
        }
    }
    return 0;
}

static void plant(const uint8_t *data, size_t size)
{
    unsigned which = data[0] | data[1] << 8;
    char path[128];

    for (size_t i = 0; i < PK_ARRAY_SIZE(files); i++) {
        int fd;

        path_of(i, path);
        unlink(path);
        if (!(which >> i & 1))
            continue;
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        must(fd >= 0 && write(fd, data + 2, size - 2) == (ssize_t)(size - 2), "cannot write");
        close(fd);
    }
}

static void judge(struct pk_audit *a)
{
    static const struct pk_inet6_link eth0 = {
        .index = 7, .name = "eth0", .type = 1, .up = true, .inet6 = true, .hwaddr_len = 6};
    struct pk_inet6_address held = {
        .address = {0x20010db800000000, 0x021b38fffe123456}, .link = 7, .bits = 64, .valid = 60};
    struct pk_audit_address address = {.a = &held};
    struct pk_audit_link link = {.l = &eth0, .addresses = &address, .n = 1};
    _pk_buf_ struct pk_buf script = PK_BUF_INIT(PK_CURE_MAX), rules = PK_BUF_INIT(PK_CURE_MAX);

    must(!pk_manager_of(&a->tree, &eth0, &link.manager), "no memory");
    must(link.manager.kind < PK_MANAGER_N, "nobody in charge");
    must(!pk_audit_leases(a), "no memory");
    for (size_t i = 0; i < a->n_leases; i++)
        must(a->leases[i].duid.len <= PK_DUID_BYTES, "a DUID is too long");
    a->links = &link;
    a->n = 1;
    pk_audit_judge(a);
    pk_cure_script(a, &script);
    pk_cure_rules(a, &rules);
    must(!script.failed && !rules.failed, "the cure is too long");
    must(strlen(script.data ? script.data : "") == script.len, "a NUL in the cure");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _pk_diags_ struct pk_diags d = {.items = NULL};
    _pk_arena_ struct pk_arena arena = {.max = (size_t)64 << 20};
    struct pk_audit a = {.tree = {.root = root, .arena = &arena, .d = &d}};

    if (size < 2)
        return 0;
    plant(data, size);
    judge(&a);
    return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "kernel/mount.h"
#include "kernel/sys.h"

#define PK_PINS_DIR "picket"

static int pk_dir_open(int at, const char *name, bool create, int *ret)
{
    int fd;

    if (create && mkdirat(at, name, 0700) && errno != EEXIST)
        return -errno;
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    *ret = fd;
    return 0;
}

void pk_pins_done(struct pk_pins *p)
{
    pk_close_p(&p->dir);
    pk_close_p(&p->root);
    pk_close_p(&p->base);
    *p = PK_PINS_NONE;
}

static void pk_pins_name(uint64_t cookie, char ret[static 24])
{
    snprintf(ret, 24, "%" PRIu64, cookie);
}

static int pk_pins_find(bool create, struct pk_pins *p)
{
    char name[24];
    int r;

    pk_pins_name(p->cookie, name);
    pk_close_p(&p->root);
    p->root = -1;
    r = pk_dir_open(p->base, PK_PINS_DIR, create, &p->root);
    return r ? r : pk_dir_open(p->root, name, create, &p->dir);
}

static int pk_pins_base(bool create, struct pk_pins *p, struct pk_diags *d)
{
    struct pk_bpffs fs;
    int r = pk_sys_netns_cookie(&p->cookie);

    if (r)
        return pk_sys_error(d, r, "cannot tell this network namespace from others");
    r = pk_bpffs_open(create, &fs, d);
    if (r)
        return r;
    p->base = fs.fd;
    snprintf(p->path, sizeof(p->path), "%s/%s/%" PRIu64, fs.path, PK_PINS_DIR, p->cookie);
    return 0;
}

int pk_pins_open(struct pk_pins *ret, struct pk_diags *d)
{
    _pk_pins_ struct pk_pins p = PK_PINS_NONE;
    int r = pk_pins_base(false, &p, d);

    if (r)
        return r;
    r = pk_pins_find(false, &p);
    if (r)
        return r == -ENOENT ? r : pk_sys_error(d, r, "cannot open %s", p.path);
    *ret = p;
    p = PK_PINS_NONE;
    return 0;
}

/* A directory that was removed while we waited for its lock has no name any more. */
static bool pk_dir_named(int root, uint64_t cookie, int dir)
{
    struct stat a, b;
    char name[24];

    pk_pins_name(cookie, name);
    return !fstat(dir, &a) && !fstatat(root, name, &b, AT_SYMLINK_NOFOLLOW) &&
           a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int pk_flock(int fd)
{
    while (flock(fd, LOCK_EX))
        if (errno != EINTR)
            return -errno;
    return 0;
}

/* -EAGAIN: somebody removed it in between. */
static int pk_pins_try(bool create, struct pk_pins *p)
{
    int r = pk_pins_find(create, p);

    if (r)
        return r == -ENOENT && create ? -EAGAIN : r;
    r = pk_flock(p->dir);
    if (!r && !pk_dir_named(p->root, p->cookie, p->dir))
        r = -EAGAIN;
    if (r) {
        close(p->dir);
        p->dir = -1;
    }
    return r;
}

int pk_pins_lock(bool create, struct pk_pins *ret, struct pk_diags *d)
{
    _pk_pins_ struct pk_pins p = PK_PINS_NONE;
    int r = pk_pins_base(create, &p, d);

    if (r)
        return r;
    do
        r = pk_pins_try(create, &p);
    while (r == -EAGAIN);
    if (r)
        return r == -ENOENT ? r : pk_sys_error(d, r, "cannot lock %s", p.path);
    *ret = p;
    p = PK_PINS_NONE;
    return 0;
}

/*
 * A link whose last pin goes is released by a kernel worker, a moment later; detached first, its
 * place is free when we return.
 */
static void pk_pins_detach(int dir, const char *name)
{
    _pk_close_ int link = -1;

    if (!strncmp(name, "link_", 5) && !pk_sys_pinned(dir, name, &link))
        bpf_link_detach(link);
}

/* Steals dir. `links`: only those. */
static int pk_pins_empty(int dir, bool links)
{
    DIR *list = fdopendir(dir);
    struct dirent *e;
    int r = 0;

    if (!list) {
        r = -errno;
        close(dir);
        return r;
    }
    while ((e = readdir(list))) {
        if (e->d_name[0] == '.' || (links && strncmp(e->d_name, "link_", 5)))
            continue;
        if (e->d_type == DT_DIR) {
            r = pk_pins_remove(dirfd(list), e->d_name);
        } else {
            pk_pins_detach(dirfd(list), e->d_name);
            r = pk_sys_unpin(dirfd(list), e->d_name);
        }
        if (r)
            break;
    }
    closedir(list);
    return r;
}

/* Links first: no program may look at maps that are half gone. */
static int pk_pins_wipe_at(int at, const char *name)
{
    int r = 0;

    for (int pass = 0; !r && pass < 2; pass++) {
        int dir = -1;

        r = pk_dir_open(at, name, false, &dir);
        if (!r)
            r = pk_pins_empty(dir, pass == 0);
    }
    return r;
}

int pk_pins_remove(int root, const char *name)
{
    int r = pk_pins_wipe_at(root, name);

    if (r)
        return r == -ENOENT ? 0 : r;
    return unlinkat(root, name, AT_REMOVEDIR) && errno != ENOENT ? -errno : 0;
}

int pk_pins_wipe(const struct pk_pins *p)
{
    return pk_pins_wipe_at(p->dir, ".");
}

int pk_pins_clear(const struct pk_pins *p)
{
    char name[24];
    int r;

    pk_pins_name(p->cookie, name);
    r = pk_pins_remove(p->root, name);
    if (!r)
        (void)!unlinkat(p->base, PK_PINS_DIR, AT_REMOVEDIR); /* others may stand there */
    return r;
}

/* Of the frame by its name, or one that `known` knows. */
static bool pk_pin_stays(const struct dirent *e, bool (*known)(const char *name))
{
    return e->d_name[0] == '.' || e->d_type == DT_DIR || !strncmp(e->d_name, "prog_", 5) ||
           !strncmp(e->d_name, "link_", 5) || known(e->d_name);
}

int pk_pins_prune(const struct pk_pins *p, bool (*known)(const char *name))
{
    struct dirent *e;
    DIR *list;
    int fd = -1, r = pk_dir_open(p->dir, ".", false, &fd);

    if (r)
        return r;
    list = fdopendir(fd);
    if (!list)
        pk_close_p(&fd);
    while (list && !r && (e = readdir(list)))
        if (!pk_pin_stays(e, known))
            r = pk_sys_unpin(dirfd(list), e->d_name);
    if (list)
        closedir(list);
    return r;
}

static void pk_bank_name(unsigned bank, char ret[static 16])
{
    snprintf(ret, 16, "bank%u", bank);
}

int pk_pins_bank(const struct pk_pins *p, unsigned bank, bool create, int *ret)
{
    char name[16];

    pk_bank_name(bank, name);
    return pk_dir_open(p->dir, name, create, ret);
}

int pk_pins_bank_clear(const struct pk_pins *p, unsigned bank)
{
    char name[16];

    pk_bank_name(bank, name);
    return pk_pins_remove(p->dir, name);
}

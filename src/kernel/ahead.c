// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macro.h"
#include "kernel/hook.h"

/* While a shorter text is read and compiled nothing is won. */
#define PK_AHEAD_TEXT_MIN ((size_t)64 << 10)

/* Owned. The thread makes what stands last; it is the caller's when the thread says so. */
struct pk_ahead {
    enum pk_attach_kind hook;
    bool guard_all;
    uint64_t size; /* of the image map */
    pthread_t thread;
    bool runs;
    sem_t made;            /* the maps are, or cannot be */
    int maps_made, loaded; /* 0, or why not */
    struct pk_maps maps;
    int image;
    struct pk_progs judges;
};

/*
 * Images of five-tuple and of mixed rules have from a half to nine tenths of the bytes of their
 * text, and half a megabyte of tables by port.
 */
static size_t pk_ahead_guess(size_t text)
{
    return text / 4 * 3 + ((size_t)512 << 10);
}

/* 28 MiB of zeroes take as long as 2,000 rules. */
static int pk_ahead_make(struct pk_ahead *a)
{
    _pk_diags_ struct pk_diags unseen = {0};
    int r = pk_maps_create(&a->maps, &unseen);

    return r ? r : pk_engine_map(a->size, &a->image);
}

static int pk_ahead_load(struct pk_ahead *a)
{
    const struct pk_bank_set set = {.bank = 0, .hook = a->hook, .guard_all = a->guard_all};
    _pk_diags_ struct pk_diags unseen = {0};

    return pk_engine_programs(&a->maps, &set, a->size, a->image, &a->judges, &unseen);
}

static void *pk_ahead_run(void *arg)
{
    struct pk_ahead *a = arg;

    a->maps_made = pk_ahead_make(a);
    sem_post(&a->made);
    a->loaded = a->maps_made ? a->maps_made : pk_ahead_load(a);
    return NULL;
}

static void pk_ahead_wait(struct pk_ahead *a)
{
    if (a->runs)
        pthread_join(a->thread, NULL);
    a->runs = false;
}

static int pk_ahead_start(struct pk_ahead *a, const struct pk_apply_options *o, size_t text)
{
    _pk_diags_ struct pk_diags unseen = {0};
    int r = pk_hook_choose(o, &a->hook, &unseen);

    a->guard_all = !o->n_devs;
    a->size = pk_engine_size(pk_ahead_guess(text));
    if (!r)
        r = -pthread_create(&a->thread, NULL, pk_ahead_run, a);
    a->runs = !r;
    return r;
}

static bool pk_ahead_stands(void)
{
    _pk_diags_ struct pk_diags unseen = {0};
    struct pk_fence *f = NULL;
    int r = pk_fence_open(&f, &unseen);

    pk_fence_close(&f);
    return r != -ENOENT;
}

struct pk_ahead *pk_fence_ahead(const struct pk_apply_options *o, size_t text)
{
    struct pk_ahead *a;

    if (text < PK_AHEAD_TEXT_MIN || text > PK_IMAGE_MAX || o->classifier != PK_CLASSIFIER_AUTO ||
        pk_ahead_stands())
        return NULL;
    a = malloc(sizeof(*a));
    if (!a)
        return NULL;
    *a = (struct pk_ahead){.maps = PK_MAPS_NONE, .image = -1, .judges = PK_PROGS_NONE};
    sem_init(&a->made, 0, 0);
    if (pk_ahead_start(a, o, text))
        pk_ahead_free(&a);
    return a;
}

void pk_ahead_free(struct pk_ahead **a)
{
    if (!*a)
        return;
    pk_ahead_wait(*a);
    pk_progs_done(&(*a)->judges);
    pk_close_p(&(*a)->image);
    pk_maps_done(&(*a)->maps);
    sem_destroy(&(*a)->made);
    free(*a);
    *a = NULL;
}

int pk_ahead_maps(struct pk_ahead *a, enum pk_attach_kind hook, struct pk_maps *ret)
{
    struct pk_maps maps = PK_MAPS_NONE;

    sem_wait(&a->made);
    if (hook != a->hook || a->maps_made)
        return -ENOENT;
    for (int m = 0; m < PK_MAP_N; m++) {
        if (a->maps.fd[m] < 0) /* there is no table of connections yet */
            continue;
        maps.fd[m] = fcntl(a->maps.fd[m], F_DUPFD_CLOEXEC, 3);
        if (maps.fd[m] >= 0)
            continue;
        pk_maps_done(&maps);
        return -ENOENT;
    }
    *ret = maps;
    return 0;
}

int pk_ahead_engine(struct pk_ahead *a, const struct pk_bank_set *s, struct pk_progs *ret)
{
    size_t image = s->image->head->size;

    pk_ahead_wait(a);
    if (a->loaded || a->image < 0 || s->state.buckets || pk_engine_of(s->bank) ||
        image > pk_engine_area(a->size) || a->size > 2 * pk_engine_size(image))
        return -ENOENT;
    s->engine->image = PK_TAKE_FD(a->image);
    s->engine->size = a->size;
    *ret = a->judges;
    a->judges = PK_PROGS_NONE;
    return 0;
}

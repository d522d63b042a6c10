// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/object.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/macro.h"
#include "kernel/fault.h"
#include "kernel/kfuncs.h"
#include "kernel/linked.h"
#include "kernel/sys.h"

static const struct pk_prog_def {
    const struct pk_linked *object;
    enum pk_map array;
    const char *judge, *walk, *dispatch;
} pk_prog_defs[PK_PROGS] = {
    [PK_PROG_NF] = {&pk_linked_nf, PK_MAP_PROGS_NF, "nf_judge", "nf_walk", "nf_dispatch"},
    [PK_PROG_TC_INGRESS] = {&pk_linked_tc, PK_MAP_PROGS_TC, "tc_ingress_judge", "tc_walk",
                            "tc_ingress_dispatch"},
    [PK_PROG_TC_EGRESS] = {&pk_linked_tc, PK_MAP_PROGS_TC, "tc_egress_judge", "tc_walk",
                           "tc_egress_dispatch"},
    [PK_PROG_XDP] = {&pk_linked_xdp, PK_MAP_PROGS_XDP, "xdp_judge", "xdp_walk", "xdp_dispatch"},
};

unsigned pk_hook_progs(enum pk_attach_kind hook)
{
    switch (hook) {
    case PK_ATTACH_NETFILTER:
        return 1u << PK_PROG_NF;
    case PK_ATTACH_TC:
        return 1u << PK_PROG_TC_INGRESS | 1u << PK_PROG_TC_EGRESS;
    case PK_ATTACH_XDP: /* XDP sees what comes in; what goes out is tc's, as in the paper */
        return 1u << PK_PROG_XDP | 1u << PK_PROG_TC_EGRESS;
    default:
        return 0;
    }
}

struct pk_load pk_hook_dispatchers(enum pk_attach_kind hook, bool guard_all,
                                   const struct pk_maps *maps)
{
    return (struct pk_load){
        .progs = pk_hook_progs(hook),
        .dispatchers = true,
        .maps = maps,
        .image = -1,
        .config = {.image_mask = 4095, .guard_all = guard_all},
    };
}

uint64_t pk_object_build(void)
{
    return pk_mix64(pk_linked_sum ^ PK_DATAPATH_ABI);
}

uint64_t pk_engine_build(const struct pk_ctl *ctl)
{
    return pk_object_build() + ctl->state_buckets;
}

enum pk_map pk_prog_array(enum pk_prog_slot slot)
{
    return pk_prog_defs[slot].array;
}

void pk_progs_done(struct pk_progs *p)
{
    for (int i = 0; i < PK_PROGS; i++) {
        pk_close_p(&p->fd[i]);
        pk_close_p(&p->walk[i]);
    }
    *p = PK_PROGS_NONE;
}

/* One program to be loaded. */
struct pk_job {
    const struct pk_bound *bound;
    const struct pk_linked_prog *prog;
    int *ret_fd, *twin; /* twin: of the other slot that has the same program, or NULL */
    int result;
    char *said; /* by the verifier; owned */
};

/* One call of pk_object_load. Threads take jobs from it, one at a time. */
struct pk_jobs {
    const struct pk_load *load;
    const uint32_t *kfuncs;
    struct pk_bound bound[PK_PROGS]; /* objects, by the slot that asked first */
    struct pk_job job[2 * PK_PROGS];
    unsigned n;
    atomic_uint next;
    struct pk_progs progs;
};

static void pk_jobs_done(struct pk_jobs *j)
{
    for (unsigned i = 0; i < j->n; i++)
        free(j->job[i].said);
    for (int s = 0; s < PK_PROGS; s++)
        pk_bound_done(&j->bound[s]);
    pk_progs_done(&j->progs);
}

/* The last lines of the verifier's log, as one line; the very last is a statistic. */
static const char *pk_log_tail(char *log)
{
    char *start = log + strlen(log);
    int lines = 0;

    for (; start > log; start--)
        if (start[-1] == '\n' && start[0] && ++lines == 4)
            break;
    for (char *c = start; *c; c++)
        if (*c == '\n')
            *c = c[1] ? '|' : 0;
    return start;
}

/* -EOPNOTSUPP: this kernel does not take it, whatever the caller may do; else what the call said.
 */
static int pk_job_refused(const struct pk_job *job, struct pk_diags *d)
{
    const char *name = job->prog->name;
    int r = job->result;

    if (r == -EPERM || (!job->said && !access(PK_BTF_PATH, R_OK)))
        return pk_sys_error(d, r, "program %s does not load", name);
    if (access(PK_BTF_PATH, R_OK))
        pk_error(d, PK_K_NO_BTF, PK_NOWHERE,
                 "use --hook tc, which does without; or a kernel with CONFIG_DEBUG_INFO_BTF=y, as "
                 "every Debian kernel since 11 is, with sysfs mounted on /sys",
                 "program %s does not load: " PK_BTF_PATH " is not there or not readable", name);
    else
        pk_error(d, PK_K_VERIFIER, PK_NOWHERE,
                 "this is a fault of picket or of a kernel it was not tested with: report it with "
                 "the output of `uname -r`",
                 "the kernel refuses program %s: %s: %s", name, strerror(-r),
                 pk_log_tail(job->said));
    return -EOPNOTSUPP;
}

static void pk_job_run(struct pk_job *job, const uint32_t *kfuncs)
{
    job->result = pk_bound_load(job->bound, job->prog, kfuncs, job->ret_fd, &job->said);
    if (job->result || !job->twin)
        return;
    *job->twin = fcntl(*job->ret_fd, F_DUPFD_CLOEXEC, 3);
    job->result = *job->twin < 0 ? -errno : 0;
}

static void *pk_jobs_run(void *arg)
{
    struct pk_jobs *j = arg;
    unsigned i;

    while ((i = atomic_fetch_add(&j->next, 1)) < j->n)
        pk_job_run(&j->job[i], j->kfuncs);
    return NULL;
}

/* The verifier takes a CPU for each program: a second thread, where there is more than one. */
static void pk_jobs_both(struct pk_jobs *j)
{
    pthread_t other;
    bool runs = j->n > 1 && !j->load->dispatchers && !pthread_create(&other, NULL, pk_jobs_run, j);

    pk_jobs_run(j);
    if (runs)
        pthread_join(other, NULL);
}

/* The object of slot `s`, bound when it is first asked for: it is that of all slots of an array. */
static int pk_jobs_bound(struct pk_jobs *j, int s, const struct pk_bound **ret)
{
    const struct pk_prog_def *def = &pk_prog_defs[s];
    const struct pk_bind to = {j->load->maps, def->array, j->load->image, &j->load->config};
    int first = 0;

    while (pk_prog_defs[first].array != def->array)
        first++;
    *ret = &j->bound[first];
    if (j->bound[first].object)
        return 0;
    return pk_bound_make(&j->bound[first], j->load->dispatchers ? &pk_linked_dispatch : def->object,
                         &to);
}

static int pk_jobs_add(struct pk_jobs *j, int s, const char *name, int *ret_fd)
{
    struct pk_job job = {.ret_fd = ret_fd};
    int r = 0;

    if (!(j->load->progs & 1u << s))
        return 0;
    r = pk_jobs_bound(j, s, &job.bound);
    if (r)
        return r;
    job.prog = pk_linked_find(job.bound->object, name);
    if (j->n && j->job[j->n - 1].prog == job.prog)
        j->job[j->n - 1].twin = ret_fd; /* the two directions of tc have one walk */
    else if (job.prog)
        j->job[j->n++] = job;
    return job.prog ? 0 : -ENOENT;
}

/* Walks first, which take longest. */
static int pk_jobs_fill(struct pk_jobs *j)
{
    bool dispatchers = j->load->dispatchers;
    int r = 0;

    for (int s = 0; !r && !dispatchers && s < PK_PROGS; s++)
        r = pk_jobs_add(j, s, pk_prog_defs[s].walk, &j->progs.walk[s]);
    for (int s = 0; !r && s < PK_PROGS; s++)
        r = pk_jobs_add(j, s, dispatchers ? pk_prog_defs[s].dispatch : pk_prog_defs[s].judge,
                        &j->progs.fd[s]);
    return r;
}

static int pk_jobs_result(const struct pk_jobs *j, struct pk_diags *d)
{
    for (unsigned i = 0; i < j->n; i++)
        if (j->job[i].result < 0)
            return pk_job_refused(&j->job[i], d);
    return 0;
}

static int pk_object_try(const struct pk_load *l, const uint32_t *kfuncs, struct pk_progs *ret,
                         struct pk_diags *d)
{
    __attribute__((cleanup(pk_jobs_done))) struct pk_jobs j = {
        .load = l, .kfuncs = kfuncs, .progs = PK_PROGS_NONE};
    int r;

    for (int s = 0; s < PK_PROGS; s++)
        j.bound[s] = PK_BOUND_NONE;
    r = pk_jobs_fill(&j);
    if (!r)
        r = pk_fault();
    if (r)
        return pk_sys_error(d, r, "cannot make ready what programs are bound to");
    pk_jobs_both(&j);
    r = pk_jobs_result(&j, d);
    if (r)
        return r;
    *ret = j.progs;
    j.progs = PK_PROGS_NONE;
    return 0;
}

static bool pk_object_callable(const struct pk_linked *o, const uint32_t *kfuncs)
{
    for (uint32_t p = 0; p < o->n_progs; p++)
        for (uint32_t i = 0; i < o->progs[p].n_refs; i++)
            if (o->progs[p].refs[i].kind == PK_REF_KFUNC && !kfuncs[o->progs[p].refs[i].which])
                return false;
    return true;
}

/* Whether the kernel has all functions that the hook's programs call to read its own packet. */
static bool pk_object_casts(const struct pk_load *l, const uint32_t *kfuncs)
{
    for (int s = 0; s < PK_PROGS; s++)
        if (l->progs & 1u << s && !pk_object_callable(pk_prog_defs[s].object, kfuncs))
            return false;
    return true;
}

/*
 * Where the kernel has no bpf_rdonly_cast() (before Linux 6.2), the judges leave more to the walks.
 */
int pk_object_load(const struct pk_load *l, struct pk_progs *ret, struct pk_diags *d)
{
    _pk_diags_ struct pk_diags unseen = {0};
    uint32_t kfuncs[PK_KFUNCS_MAX] = {0};
    struct pk_load with = *l;
    bool typed = l->dispatchers || !pk_kfuncs_find(kfuncs); /* dispatchers call none */

    with.config.cast = 1;
    if (typed && !l->dispatchers && pk_object_casts(l, kfuncs) &&
        !pk_object_try(&with, kfuncs, ret, &unseen))
        return 0;
    return pk_object_try(l, typed ? kfuncs : NULL, ret, d);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The measured table, for programs (docs/schemas/picket.bench.1.json). */
#include <errno.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/bench/bench.h"
#include "cli/cli.h"

static const char pk_bench_method[] =
    "sender and receiver share one core: a frame's cost is sending it, the veth and the verdict";

json_t *pk_bench_spread_json(struct pk_bench_spread s)
{
    return json_pack("{s:f,s:f,s:f}", "median", s.median, "quartile_1", s.low, "quartile_3",
                     s.high);
}

static void pk_json_figures(const struct pk_bench *b, const struct pk_bench_cell *c, json_t *o)
{
    struct pk_bench_stat s = pk_bench_stat(b, c);
    struct pk_bench_sample sum = pk_bench_sum(c);
    json_t *rounds = json_array();
    unsigned i;

    json_object_set_new(o, "packets_per_second",
                        pk_bench_spread_json((struct pk_bench_spread){s.median, s.low, s.high}));
    json_object_set_new(o, "nanoseconds_per_packet", json_real(s.median > 0 ? 1e9 / s.median : 0));
    json_object_set_new(
        o, "ratio_to_xdp_drop",
        pk_bench_spread_json((struct pk_bench_spread){s.ratio, s.ratio_low, s.ratio_high}));
    json_object_set_new(o, "sent", json_integer((json_int_t)sum.sent));
    json_object_set_new(o, "judged", json_integer((json_int_t)sum.judged));
    json_object_set_new(o, "matched_by_rules", json_integer((json_int_t)sum.matched));
    for (i = 0; i < c->n_samples; i++)
        json_array_append_new(rounds, json_real(c->samples[i].rate));
    json_object_set_new(o, "rounds", rounds);
}

const char *pk_bench_state_name(enum pk_bench_state s)
{
    static const char *const states[] = {"measured", "missing", "failed", "skipped"};

    return states[s];
}

static json_t *pk_json_cell(const struct pk_bench *b, const struct pk_bench_cell *c)
{
    json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:s}", "subject", c->subject->name, "workload",
                          c->workload->name, "family", pk_family_name(c->family), "traffic",
                          c->traffic->name, "rules", (int)c->n_rules, "distinct_flows",
                          (int)c->distinct, "state", pk_bench_state_name(c->state));

    if (c->state == PK_BENCH_READY) {
        json_object_set_new(o, "warm", json_boolean(c->warm));
        pk_json_figures(b, c, o);
    } else {
        json_object_set_new(o, "reason", pk_json_text(c->why));
    }
    return o;
}

static json_t *pk_json_quartiles(const double *v, unsigned n)
{
    return pk_bench_spread_json(pk_bench_spread_of(v, n));
}

static json_t *pk_json_memory(const struct pk_map_usage *u)
{
    return json_pack("{s:I,s:I}", "bytes", (json_int_t)u->bytes, "per_cpu_bytes",
                     (json_int_t)u->per_cpu);
}

static json_t *pk_json_cost(struct pk_bench_cost *c)
{
    json_t *o = json_pack("{s:s,s:s,s:s,s:i,s:s}", "subject", c->subject->name, "workload",
                          c->workload->name, "family", pk_family_name(c->family), "rules",
                          (int)c->n_rules, "state", pk_bench_state_name(c->state));

    if (c->state != PK_BENCH_READY) {
        json_object_set_new(o, "reason", pk_json_text(c->why));
        return o;
    }
    json_object_set_new(o, "load_seconds", pk_json_quartiles(c->load, c->n_load));
    json_object_set_new(o, "load_cpu_seconds", pk_json_quartiles(c->load_cpu, c->n_load));
    json_object_set_new(o, "loads", json_integer(c->n_load));
    if (c->n_append)
        json_object_set_new(o, "append_seconds", pk_json_quartiles(c->append, c->n_append));
    else
        json_object_set_new(o, "append_reason", pk_json_text(c->append_why));
    if (c->subject->again) {
        json_object_set_new(o, "memory_loaded", pk_json_memory(&c->loaded));
        json_object_set_new(o, "memory_swapping", pk_json_memory(&c->swapping));
    }
    return o;
}

static json_t *pk_json_flood(struct pk_bench_flood *f)
{
    json_t *o =
        json_pack("{s:s,s:s}", "subject", f->subject->name, "state", pk_bench_state_name(f->state));

    if (f->state != PK_BENCH_READY) {
        json_object_set_new(o, "reason", pk_json_text(f->why));
        return o;
    }
    json_object_set_new(o, "share", json_real(f->share));
    json_object_set_new(o, "requests_per_second", pk_json_quartiles(f->requests, f->n));
    json_object_set_new(o, "flood_per_second", pk_json_quartiles(f->offered, f->n));
    json_object_set_new(o, "dropped_per_second", pk_json_quartiles(f->judged, f->n));
    return o;
}

static json_t *pk_json_ddos(const struct pk_bench *b)
{
    json_t *o = json_object(), *subjects = json_array();
    size_t k;

    for (k = 0; k < b->n_floods; k++)
        json_array_append_new(subjects, pk_json_flood(&b->floods[k]));
    json_object_set_new(o, "generator_per_second", json_real(b->flood_max));
    json_object_set_new(o, "subjects", subjects);
    return o;
}

static void pk_json_machine(const struct pk_bench *b, json_t *obj)
{
    struct utsname u;

    uname(&u);
    json_object_set_new(obj, "method", json_string(pk_bench_method));
    json_object_set_new(obj, "kernel", json_string(u.release));
    json_object_set_new(obj, "machine", json_string(u.machine));
    json_object_set_new(obj, "cpu", json_integer(b->cpu));
    json_object_set_new(obj, "cpus_online", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(obj, "round_count", json_integer(b->wish.rounds));
    json_object_set_new(obj, "round_ms", json_integer(b->wish.ms));
    json_object_set_new(obj, "seconds", json_real(b->seconds));
}

int pk_bench_json(struct pk_bench *b, json_t *obj)
{
    json_t *cells = json_array(), *costs = json_array();
    size_t k;

    pk_json_machine(b, obj);
    for (k = 0; k < b->n_cells; k++)
        json_array_append_new(cells, pk_json_cell(b, &b->cells[k]));
    for (k = 0; k < b->n_costs; k++)
        json_array_append_new(costs, pk_json_cost(&b->costs[k]));
    if (b->n_floods)
        json_object_set_new(obj, "ddos", pk_json_ddos(b));
    if (b->n_carried)
        json_object_set_new(obj, "syn", pk_bench_syn_json(b));
    if (b->n_tcp)
        json_object_set_new(obj, "stateful", pk_bench_tcp_json(b));
    json_object_set_new(obj, "costs", costs);
    return json_object_set_new(obj, "cells", cells) ? -ENOMEM : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/out.h"
#include "cli/cli.h"
#include "cli/codes.h"
#include "cli/current.h"
#include "cli/plan.h"
#include "cli/reason.h"
#include "kernel/sample.h"

const struct pk_option_def pk_options_status[] = {PK_COMMON_OPTIONS};

static const char *time_text(int64_t at, char buf[static 32])
{
    time_t t = (time_t)at;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || !strftime(buf, 32, "%Y-%m-%d %H:%M:%S UTC", &tm))
        buf[0] = '\0';
    return buf;
}

static uint32_t timeout_now(const struct pk_fence_info *i, unsigned timeout)
{
    return pk_state_seconds(i->state_rules.timeout[timeout]);
}

/* What is not as Linux has it. */
static void print_rules_of_table(const struct pk_fence_info *i)
{
    if (i->state_rules.liberal)
        printf("          liberal: TCP windows are not checked\n");
    for (unsigned t = 0; t < PK_TIMEOUTS; t++)
        if (pk_state_timeout_name(t) && timeout_now(i, t) != pk_state_timeout_usual(t))
            printf("          %s lasts %" PRIu32 " s, not %" PRIu32 "\n", pk_state_timeout_name(t),
                   timeout_now(i, t), pk_state_timeout_usual(t));
}

static void print_zones(const struct pk_fence_info *i)
{
    for (size_t k = 0; k < i->n_zones; k++) {
        const struct pk_zone *z = &i->zones[k];

        if (z->vlan)
            printf("          zone %u: what has the tag of VLAN %u\n", z->zone, z->vlan);
        else
            printf("          zone %u: what is seen at %s\n", z->zone, z->dev);
    }
}

static json_t *zones_json(const struct pk_fence_info *i)
{
    json_t *list = json_array();

    for (size_t k = 0; k < i->n_zones; k++) {
        const struct pk_zone *z = &i->zones[k];
        json_t *o = json_pack("{s:i}", "zone", (int)z->zone);

        if (z->vlan)
            json_object_set_new(o, "vlan", json_integer(z->vlan));
        else
            json_object_set_new(o, "interface", pk_json_text(z->dev));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *timeouts_json(const struct pk_fence_info *i)
{
    json_t *o = json_object();

    for (unsigned t = 0; t < PK_TIMEOUTS; t++)
        if (pk_state_timeout_name(t))
            json_object_set_new(o, pk_state_timeout_name(t), json_integer(timeout_now(i, t)));
    return o;
}

/* The fence's own table, on tc and XDP. */
static void print_own_table(const struct pk_fence_info *i, const struct pk_table_level *t)
{
    char bytes[16];

    printf("tracking  connections are tracked in a table of the fence's own, %s\n"
           "          %" PRIu64 " connection%s; there is room for %" PRIu64
           "; the most so far: about %" PRIu64 "\n",
           pk_bytes_str(i->state_bytes, bytes), t->now.count, t->now.count == 1 ? "" : "s",
           t->now.max, t->high);
    if (t->evicted[PK_EVICT_HALF_OPEN] || t->evicted[PK_EVICT_CLOSED] || t->evicted[PK_EVICT_OTHER])
        printf("          gave way to new ones: %" PRIu64 " half-open, %" PRIu64 " closed, %" PRIu64
               " other than TCP\n",
               t->evicted[PK_EVICT_HALF_OPEN], t->evicted[PK_EVICT_CLOSED],
               t->evicted[PK_EVICT_OTHER]);
    if (t->refused)
        printf("          %" PRIu64 " new one%s dropped, since the table was full\n", t->refused,
               t->refused == 1 ? " was" : "s were");
    print_rules_of_table(i);
    print_zones(i);
}

/* How full the table is that the rules ask: the fence's own, or Linux's, which keeps no record of
 * how full it was. */
static void print_tracking(const struct pk_fence_info *i, const struct pk_table_level *t)
{
    if (i->state_max)
        print_own_table(i, t);
    if (i->conntrack < 0)
        return;
    printf("tracking  connections are tracked for the rules: %s\n",
           i->conntrack ? "table inet picket of nf_tables holds it on" : "NOT HELD ON");
    if (t->now.max)
        printf("          %" PRIu64 " connection%s; there is room for %" PRIu64 "\n", t->now.count,
               t->now.count == 1 ? "" : "s", t->now.max);
}

static void print_head(const struct pk_current *s, const struct pk_fence_info *i,
                       const struct pk_table_level *table)
{
    char b1[16], b2[16], b3[16], b4[16], when[32];
    const struct pk_u128 id = s->live.id;

    printf("fence     standing: %s, %s", pk_attach_name(i->hook),
           i->n_devs ? "on" : "the whole network namespace");
    for (size_t k = 0; k < i->n_devs; k++)
        printf(" %.16s", i->devs[k]);
    printf("\nrule set  %016" PRIx64 "%016" PRIx64 "\n", (uint64_t)id.hi, (uint64_t)id.lo);
    printf("          generation %" PRIu64 ", applied %s\n", s->live.generation,
           time_text(s->live.applied_at, when));
    if (s->live.added || s->live.gone)
        printf("          since it was compiled: %zu rule%s added, %zu deleted\n", s->live.added,
               s->live.added == 1 ? "" : "s", s->live.gone);
    if (s->live.classifier != PK_CLASSIFIER_AUTO)
        printf("          classifier %s\n", pk_classifier_name(s->live.classifier));
    printf("memory    image %s, store %s, counters %s, flows %s\n",
           pk_bytes_str(i->image_bytes, b1), pk_bytes_str(i->store_bytes, b2),
           pk_bytes_str(i->counter_bytes, b3), pk_bytes_str(i->flow_bytes, b4));
    pk_plan_print_bytes(&s->live.plan, 10);
    print_tracking(i, table);
    printf("pins      %s\n", i->path);
}

static int print_attachments(const struct pk_fence_info *i)
{
    _pk_table_ struct pk_table *t =
        pk_table_new((const char *const[]){"device", "where", "how", "link", "program", "", NULL});

    if (!t)
        return -ENOMEM;
    for (size_t k = 0; k < i->n_attachments; k++) {
        const struct pk_attachment *a = &i->attachments[k];

        pk_table_str(t, a->dev[0] ? a->dev : "all");
        pk_table_str(t, a->where);
        pk_table_str(t, a->how);
        pk_table_u64(t, a->link_id);
        pk_table_u64(t, a->prog_id);
        pk_table_str(t, a->alive ? "" : "DEAD");
        pk_table_end_row(t);
    }
    putchar('\n');
    return pk_table_print(t, 0, stdout);
}

static int print_chains(const struct pk_current *s)
{
    _pk_table_ struct pk_table *t = pk_table_new(
        (const char *const[]){"family", "chain", "policy", "rules", "packets", "bytes", NULL});

    if (!t)
        return -ENOMEM;
    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_ruleset *rs = s->live.family[f];

        if (!rs || !rs->given) {
            pk_table_str(t, pk_family_name(f));
            pk_table_str(t, "OPEN: never set");
            pk_table_end_row(t);
            continue;
        }
        for (size_t k = 0; k < rs->n_chains; k++) {
            const struct pk_chain *ch = rs->chains[k];

            pk_table_str(t, pk_family_name(f));
            pk_table_str(t, ch->name);
            pk_table_str(t, ch->hook >= 0 ? pk_action_name(ch->policy) : "-");
            pk_table_u64(t, ch->n_rules);
            if (ch->hook >= 0) {
                pk_table_u64(t, s->policy[f][ch->hook].packets);
                pk_table_u64(t, s->policy[f][ch->hook].bytes);
            }
            pk_table_end_row(t);
        }
    }
    putchar('\n');
    return pk_table_print(t, 0, stdout);
}

static int print_reasons(struct pk_count reasons[PK_WHERE_N][PK_REASON_N])
{
    _pk_table_ struct pk_table *t =
        pk_table_new((const char *const[]){"at", "what happened", "packets", "bytes", NULL});
    bool any = false;

    if (!t)
        return -ENOMEM;
    for (int w = 0; w < PK_WHERE_N; w++)
        for (int k = 0; k < PK_REASON_N; k++) {
            if (!reasons[w][k].packets)
                continue;
            any = true;
            pk_table_str(t, pk_where_name(w));
            pk_table_str(t, pk_reason_help(k));
            pk_table_u64(t, reasons[w][k].packets);
            pk_table_u64(t, reasons[w][k].bytes);
            pk_table_end_row(t);
        }
    putchar('\n');
    return any                                          ? pk_table_print(t, 0, stdout)
           : puts("no packet has been seen yet") == EOF ? -EIO
                                                        : 0;
}

static json_t *attachments_json(const struct pk_fence_info *i)
{
    json_t *list = json_array();

    for (size_t k = 0; k < i->n_attachments; k++) {
        const struct pk_attachment *a = &i->attachments[k];

        json_array_append_new(list, json_pack("{s:o,s:s,s:s,s:I,s:I,s:b}", "device",
                                              pk_json_text(a->dev), "where", a->where, "how",
                                              a->how, "link", (json_int_t)a->link_id, "program",
                                              (json_int_t)a->prog_id, "alive", (int)a->alive));
    }
    return list;
}

static json_t *chains_json(const struct pk_current *s, enum pk_family f)
{
    const struct pk_ruleset *rs = s->live.family[f];
    json_t *list = json_array();

    for (size_t k = 0; k < rs->n_chains; k++) {
        const struct pk_chain *ch = rs->chains[k];
        json_t *o = json_pack("{s:o,s:I}", "chain", pk_json_text(ch->name), "rules",
                              (json_int_t)ch->n_rules);

        if (ch->hook >= 0) {
            const struct pk_counters *n = &s->policy[f][ch->hook];

            json_object_set_new(o, "policy", json_string(pk_action_name(ch->policy)));
            json_object_set_new(o, "counters", pk_json_count(n->packets, n->bytes));
        }
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *families_json(const struct pk_current *s)
{
    json_t *o = json_object();

    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_ruleset *rs = s->live.family[f];
        bool open = !rs || !rs->given;
        json_t *one = json_pack("{s:b}", "open", (int)open);

        if (!open) {
            json_object_set_new(one, "rules", json_integer(rs->n_rules));
            json_object_set_new(one, "chains", chains_json(s, f));
        }
        json_object_set_new(o, pk_family_name(f), one);
    }
    return o;
}

static json_t *reasons_json(struct pk_count reasons[PK_WHERE_N][PK_REASON_N])
{
    json_t *list = json_array();

    for (int w = 0; w < PK_WHERE_N; w++)
        for (int k = 0; k < PK_REASON_N; k++) {
            if (!reasons[w][k].packets)
                continue;
            json_array_append_new(
                list,
                json_pack("{s:s,s:s,s:o}", "at", pk_where_name(w), "reason", pk_reason_name(k),
                          "counters", pk_json_count(reasons[w][k].packets, reasons[w][k].bytes)));
        }
    return list;
}

static json_t *devs_json(const struct pk_fence_info *i)
{
    json_t *list = json_array();

    for (size_t k = 0; k < i->n_devs; k++)
        json_array_append_new(list, pk_json_text(i->devs[k]));
    return list;
}

static json_t *own_table_json(const struct pk_fence_info *i, const struct pk_table_level *t)
{
    return json_pack("{s:o,s:o,s:b,s:I,s:I,s:I,s:I,s:{s:I,s:I,s:I}}", "timeouts", timeouts_json(i),
                     "zones", zones_json(i), "liberal", (int)i->state_rules.liberal, "max",
                     (json_int_t)i->state_max, "bytes", (json_int_t)i->state_bytes, "high_water",
                     (json_int_t)t->high, "refused", (json_int_t)t->refused, "evicted", "half_open",
                     (json_int_t)t->evicted[PK_EVICT_HALF_OPEN], "closed",
                     (json_int_t)t->evicted[PK_EVICT_CLOSED], "other",
                     (json_int_t)t->evicted[PK_EVICT_OTHER]);
}

static void fill_json(struct pk_cli *c, const struct pk_current *s, const struct pk_fence_info *i,
                      const struct pk_table_level *table,
                      struct pk_count reasons[PK_WHERE_N][PK_REASON_N])
{
    json_object_set_new(c->obj, "standing", json_true());
    json_object_set_new(c->obj, "id", pk_json_id(s->live.id));
    json_object_set_new(c->obj, "generation", json_integer((json_int_t)s->live.generation));
    json_object_set_new(c->obj, "applied_at", json_integer(s->live.applied_at));
    json_object_set_new(c->obj, "since_compiled",
                        json_pack("{s:I,s:I}", "added", (json_int_t)s->live.added, "deleted",
                                  (json_int_t)s->live.gone));
    json_object_set_new(c->obj, "hook", json_string(pk_attach_name(i->hook)));
    json_object_set_new(c->obj, "classifier", json_string(pk_classifier_name(s->live.classifier)));
    json_object_set_new(c->obj, "devices", devs_json(i));
    if (i->conntrack >= 0)
        json_object_set_new(c->obj, "conntrack_held", json_boolean(i->conntrack));
    if (table->now.max)
        json_object_set_new(c->obj, "connections",
                            json_pack("{s:I,s:I}", "count", (json_int_t)table->now.count, "max",
                                      (json_int_t)table->now.max));
    if (i->state_max)
        json_object_set_new(c->obj, "own_table", own_table_json(i, table));
    json_object_set_new(c->obj, "pins", pk_json_text(i->path));
    json_object_set_new(c->obj, "memory",
                        json_pack("{s:I,s:I,s:I,s:I}", "image", (json_int_t)i->image_bytes, "store",
                                  (json_int_t)i->store_bytes, "counters",
                                  (json_int_t)i->counter_bytes, "flows",
                                  (json_int_t)i->flow_bytes));
    json_object_set_new(c->obj, "plan", pk_plan_json(&s->live.plan));
    json_object_set_new(c->obj, "attachments", attachments_json(i));
    json_object_set_new(c->obj, "families", families_json(s));
    json_object_set_new(c->obj, "reasons", reasons_json(reasons));
}

/* Once for each interface, however many programs it has lost. */
static void warn_dead(struct pk_cli *c, const struct pk_fence_info *i)
{
    for (size_t k = 0; k < i->n_attachments; k++) {
        const struct pk_attachment *a = &i->attachments[k];

        if (a->alive || (k && a->dev[0] && !a[-1].alive && !strcmp(a[-1].dev, a->dev)))
            continue;
        pk_warn(&c->d, PK_D_NOT_ATTACHED, PK_NOWHERE,
                "apply the rules again once it is back; that attaches what is missing",
                "%s: attached no more: what passes there is not judged",
                a->dev[0] ? a->dev : a->where);
    }
}

/* The rules then judge by what a packet looks like (docs/adr/0010). */
static void warn_untracked(struct pk_cli *c, const struct pk_fence_info *i)
{
    if (i->conntrack == 0)
        pk_warn(&c->d, PK_D_UNTRACKED, PK_NOWHERE, "apply the rules again",
                "connection tracking is not held on any more: somebody has removed table inet "
                "picket of nf_tables (`nft flush ruleset` does). Unless something else keeps it "
                "on, all packets but TCP SYN pass as ESTABLISHED and RELATED");
}

static bool any_dead(const struct pk_fence_info *i)
{
    for (size_t k = 0; k < i->n_attachments; k++)
        if (!i->attachments[k].alive)
            return true;
    return false;
}

static int show(struct pk_cli *c, struct pk_current *s, const struct pk_fence_info *i)
{
    struct pk_count reasons[PK_WHERE_N][PK_REASON_N] = {0};
    struct pk_table_level table = {0};
    unsigned open = 0;
    int r = pk_fence_reasons(s->fence, reasons);

    if (!r && i->state_max)
        r = pk_fence_table_level(s->fence, 0, &table);
    else if (!r && i->conntrack >= 0)
        r = pk_ctnl_level(&table.now);
    if (r)
        return r;
    for (int f = 0; f < PK_FAMILY_N; f++)
        if (!s->live.family[f] || !s->live.family[f]->given)
            open |= 1u << f;
    pk_cli_say_open(c, open);
    warn_dead(c, i);
    warn_untracked(c, i);
    if (c->json) {
        fill_json(c, s, i, &table, reasons);
        return 0;
    }
    print_head(s, i, &table);
    r = print_chains(s);
    if (!r)
        r = print_reasons(reasons);
    return r ? r : print_attachments(i);
}

static void show_none(struct pk_cli *c)
{
    struct pk_probe p = {0};

    json_object_set_new(c->obj, "standing", json_false());
    if (c->json)
        return;
    pk_probe_run(&p);
    printf("fence     none stands in this network namespace: every packet passes\n"
           "kernel    BTF %s, netfilter links %s, tcx %s",
           p.btf ? "yes" : "NO", p.netfilter_link ? "yes" : "no", p.tcx ? "yes" : "no");
    /* Only BTF tells of XDP links without attaching one. */
    puts(!p.btf ? "" : p.xdp_link ? ", XDP links yes" : ", XDP links no");
}

static enum pk_exit run(struct pk_cli *c)
{
    _pk_current_ struct pk_current s = {0};
    struct pk_fence_info info = {0};
    bool dead;
    int r = pk_current_outline(c, &s);

    if (r)
        return pk_cli_refused(c, r, "cannot read the fence");
    if (!s.fence) {
        show_none(c);
        return PK_EXIT_NO;
    }
    r = pk_current_count(c, &s);
    if (!r)
        r = pk_fence_info(s.fence, &info, &c->d);
    if (!r)
        r = show(c, &s, &info);
    dead = any_dead(&info) || info.conntrack == 0;
    pk_fence_info_done(&info);
    if (r)
        return pk_cli_refused(c, r, "cannot read the fence");
    return dead ? PK_EXIT_NO : PK_EXIT_DONE;
}

int pk_cli_status(int argc, char **argv)
{
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "status");
    if (!pk_cli_args(&c, pk_options_status, argc, argv, NULL, NULL))
        return c.exit;
    return pk_cli_end(&c, run(&c));
}

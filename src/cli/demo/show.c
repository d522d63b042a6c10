// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/demo/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"
#include "base/out.h"

static void pk_demo_say(const struct pk_demo *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void pk_demo_say(const struct pk_demo *d, const char *fmt, ...)
{
    va_list ap;

    if (d->c.json)
        return;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}

static void pk_demo_title(const struct pk_demo *d, const char *title)
{
    pk_demo_say(d, "\n%s%s%s\n", d->colour ? "\033[1m" : "", title, d->colour ? "\033[0m" : "");
}

/* Escape sequences around a word: 2 is green, 1 red. */
static const char *pk_demo_paint(const struct pk_demo *d, bool good)
{
    return !d->colour ? "" : good ? "\033[32m" : "\033[31m";
}

static const char *pk_demo_plain(const struct pk_demo *d)
{
    return d->colour ? "\033[0m" : "";
}

void pk_demo_show_wire(struct pk_demo *d)
{
    pk_demo_title(d, "Two network namespaces and a veth pair between them");
    pk_demo_say(d, "  client  192.0.2.2 and 2001:db8:1::2   the office\n"
                   "    |     198.51.100.23, 2001:db8:2::23  anyone\n"
                   "    |     203.0.113.66, 2001:db8:bad::66  known bad\n"
                   "  server  192.0.2.1 and 2001:db8:1::1; tcp 22 443 8080, udp 53 443\n");
}

static json_t *pk_demo_json_set(const struct pk_ruleset *rs, const char *file)
{
    return json_pack("{s:s,s:i,s:i}", "file", file, "rules", (int)rs->n_rules, "chains",
                     (int)rs->n_chains);
}

int pk_demo_show_apply(struct pk_demo *d, double seconds)
{
    const struct pk_ruleset *const *rs = d->sets[0].rs;
    struct pk_fence_info info = {0};
    char bytes[16];
    int r = pk_fence_info(d->view.fence, &info, &d->c.d);

    if (r)
        return r;
    pk_demo_title(d, "A server's rule set, applied to the server's namespace");
    pk_demo_say(d, "  demo.v4  %u rules in %zu chains\n  demo.v6  %u rules in %zu chains\n",
                rs[PK_IPV4]->n_rules, rs[PK_IPV4]->n_chains, rs[PK_IPV6]->n_rules,
                rs[PK_IPV6]->n_chains);
    pk_demo_say(d, "  in force after %.0f ms; hook: %s; lookup tables: %s\n", seconds * 1e3,
                pk_attach_name(info.hook), pk_bytes_str(info.image_bytes, bytes));
    json_object_set_new(
        d->c.obj, "apply",
        json_pack("{s:o,s:o,s:s,s:f,s:I}", "ipv4", pk_demo_json_set(rs[PK_IPV4], "demo.v4"), "ipv6",
                  pk_demo_json_set(rs[PK_IPV6], "demo.v6"), "hook", pk_attach_name(info.hook),
                  "seconds", seconds, "image_bytes", (json_int_t)info.image_bytes));
    pk_fence_info_done(&info);
    return 0;
}

void pk_demo_show_list(struct pk_demo *d, const char *scene)
{
    bool undo = !strcmp(scene, "undo");

    pk_demo_title(d, undo ? "Undo: the set that closed staging comes back, and goes again"
                          : "Traffic from the client, and the rule that decided");
    pk_demo_say(d, "  %-25s%-17s%-10s%-14s%s\n", "sent", "from", "came back", "decided by",
                "its packets");
    json_object_set_new(d->c.obj, scene, json_array());
}

static const char *pk_demo_outcome_name(enum pk_demo_outcome o)
{
    static const char *const names[] = {"silence", "answer", "refusal"};

    return names[o];
}

static json_t *pk_demo_json_decided(enum pk_family family, const struct pk_verdict *v)
{
    json_t *o = json_pack("{s:s,s:s}", "family", pk_family_name(family), "verdict",
                          pk_action_name(v->action));

    if (v->rule)
        json_object_set_new(o, "rule", pk_json_rule(v->rule));
    else
        json_object_set_new(o, "policy", json_string("INPUT"));
    return o;
}

void pk_demo_show_row(struct pk_demo *d, const char *scene, const struct pk_demo_probe *p,
                      const struct pk_demo_result *res)
{
    const struct pk_rule *rule = res->verdict.rule;
    char by[40];

    if (rule)
        snprintf(by, sizeof(by), "%s:%u", rule->file, rule->line);
    else
        snprintf(by, sizeof(by), "policy INPUT");
    pk_demo_say(d, "  %-25s%-17s%s%-10s%s%-14s%" PRIu64 " -> %" PRIu64 "%s\n", p->what, p->from,
                pk_demo_paint(d, res->outcome != PK_DEMO_SILENCE),
                pk_demo_outcome_name(res->outcome), pk_demo_plain(d), by, res->before.packets,
                res->after.packets, res->as_said ? "" : "  UNEXPECTED");
    json_array_append_new(json_object_get(d->c.obj, scene),
                          json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:b}", "sent", p->what, "from",
                                    p->from, "to", p->to, "outcome",
                                    pk_demo_outcome_name(res->outcome), "decided",
                                    pk_demo_json_decided(res->build.family, &res->verdict),
                                    "before", pk_json_count(res->before.packets, res->before.bytes),
                                    "after", pk_json_count(res->after.packets, res->after.bytes),
                                    "as_foretold", (int)res->as_said));
    if (!d->c.json)
        fflush(stdout);
}

/* "matches", "no: source address", "drops it". */
static void pk_demo_answer(const struct pk_demo_look *l, const struct pk_verdict *v,
                           char ret[static 32])
{
    if (l->rule == v->rule && l->answer != PK_NO)
        snprintf(ret, 32, "%s", v->action == PK_ACT_DROP ? "drops it" : "accepts it");
    else if (l->answer == PK_NO)
        snprintf(ret, 32, "no: %.24s", l->why ? l->why : "");
    else
        snprintf(ret, 32, "matches");
}

static void pk_demo_show_look(struct pk_demo *d, const struct pk_demo_look *l,
                              const struct pk_verdict *v)
{
    char at[24], text[40], answer[32];
    size_t len = strlen(l->rule->text);

    snprintf(at, sizeof(at), "%s:%u", l->rule->file, l->rule->line);
    snprintf(text, sizeof(text), "%.33s%s", l->rule->text, len > 33 ? ".." : "");
    pk_demo_answer(l, v, answer);
    pk_demo_say(d, "  %-12s%-7s %-36s %s\n", at, l->rule->chain->name, text, answer);
}

/* Worth a line: what matched on the way, and what stands in the chain that decided. */
static bool pk_demo_telling(const struct pk_demo_look *l, const struct pk_verdict *v)
{
    return l->answer != PK_NO || (v->rule && l->rule->chain == v->rule->chain);
}

void pk_demo_show_why(struct pk_demo *d, const struct pk_demo_probe *p, const struct pk_verdict *v,
                      const struct pk_demo_trace *trace)
{
    json_t *looks = json_array();
    size_t i, others = 0;

    pk_demo_title(d, "Why no answer to \"ssh from anyone\"?");
    for (i = 0; i < trace->n; i++) {
        const struct pk_demo_look *l = &trace->looks[i];

        json_array_append_new(looks, json_pack("{s:o,s:b,s:s*}", "rule", pk_json_rule(l->rule),
                                               "matched", l->answer == PK_YES, "why", l->why));
        if (pk_demo_telling(l, v))
            pk_demo_show_look(d, l, v);
        else
            others++;
    }
    pk_demo_say(d,
                "  and %zu other rules, which did not match. The same on any host:\n"
                "  picket explain in eth0 tcp %s:40000 to %s:%u\n",
                others, p->from, p->to, p->port);
    json_object_set_new(d->c.obj, "why",
                        json_pack("{s:s,s:o,s:o}", "sent", p->what, "decided",
                                  pk_demo_json_decided(PK_IPV4, v), "looked_at", looks));
}

void pk_demo_show_swapping(struct pk_demo *d, unsigned swaps)
{
    if (!swaps)
        pk_demo_title(d, "The rule set is swapped under traffic");
    if (d->tty)
        printf("\r  %u swaps", swaps);
    fflush(stdout);
}

static void pk_demo_show_session(const struct pk_demo *d, const struct pk_demo_session *s)
{
    const struct pk_rule *rule = s->verdict.rule;

    pk_demo_say(d, "  An SSH session opened before all that %s%s%s", pk_demo_paint(d, s->talks),
                s->talks ? "still talks" : "IS CUT", pk_demo_plain(d));
    if (rule)
        pk_demo_say(d, ", by %s:%u: %" PRIu64 " -> %" PRIu64, rule->file, rule->line,
                    s->before.packets, s->after.packets);
    pk_demo_say(d, "\n");
}

static json_t *pk_demo_json_session(const struct pk_demo_session *s)
{
    return json_pack("{s:b,s:o,s:o,s:o}", "talks", (int)s->talks, "decided",
                     pk_demo_json_decided(PK_IPV4, &s->verdict), "before",
                     pk_json_count(s->before.packets, s->before.bytes), "after",
                     pk_json_count(s->after.packets, s->after.bytes));
}

void pk_demo_show_swap(struct pk_demo *d, const struct pk_demo_swaps *s)
{
    uint64_t lost = s->sent - PK_MIN(s->sent, s->received);

    pk_demo_say(d, "%s", d->tty ? "\r\033[K" : "");
    pk_demo_say(d, "  %u swaps of both families in %.2f s; UDP over IPv4 and IPv6 all the while\n",
                s->swaps, s->seconds);
    pk_demo_say(d, "  sent %" PRIu64 ", received %" PRIu64 ", %slost %" PRIu64 "%s\n", s->sent,
                s->received, pk_demo_paint(d, !lost), lost, pk_demo_plain(d));
    pk_demo_say(d, "  and the rules that let them in, which stay, have counted %" PRIu64 "\n",
                s->counted);
    pk_demo_show_session(d, &s->session);
    json_object_set_new(d->c.obj, "swap",
                        json_pack("{s:i,s:f,s:I,s:I,s:I,s:I,s:o}", "swaps", (int)s->swaps,
                                  "seconds", s->seconds, "sent", (json_int_t)s->sent, "received",
                                  (json_int_t)s->received, "lost", (json_int_t)lost, "counted",
                                  (json_int_t)s->counted, "session",
                                  pk_demo_json_session(&s->session)));
}

void pk_demo_show_detach(struct pk_demo *d, bool gone, const struct pk_demo_probe *p,
                         enum pk_demo_outcome outcome)
{
    pk_demo_title(d, "Detach");
    pk_demo_say(d, "  %s\n  %s is tried again: %s%s\n",
                gone ? "No trace of the fence is left." : "THE FENCE STILL STANDS.", p->what,
                pk_demo_outcome_name(outcome),
                outcome == PK_DEMO_REFUSED ? " (it arrived, and nobody listens)" : "");
    json_object_set_new(d->c.obj, "detach",
                        json_pack("{s:b,s:s,s:s}", "gone", (int)gone, "sent", p->what, "outcome",
                                  pk_demo_outcome_name(outcome)));
}

void pk_demo_show_end(struct pk_demo *d, double seconds)
{
    pk_demo_say(d, "\n%s%u of %u things happened as the rules foretold, in %.1f s.%s\n",
                pk_demo_paint(d, !d->not_as_said), d->said - d->not_as_said, d->said, seconds,
                pk_demo_plain(d));
    json_object_set_new(d->c.obj, "foretold", json_integer(d->said));
    json_object_set_new(d->c.obj, "came_true", json_integer(d->said - d->not_as_said));
    json_object_set_new(d->c.obj, "seconds", json_real(seconds));
}

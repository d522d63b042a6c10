// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table of millions is printed as it comes, so its columns are not measured but stand. What does
 * not fit before the next column begins pushes that one to a line of its own, below, where it
 * stands in its column: so long IPv6 addresses and lists of remarks, too, keep within 100 columns.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/conn/conn.h"
#include "base/out.h"
#include "rules/parse.h"

#define WIDTH 99

/* Where a cell begins. The longest end of IPv6 has 47 characters. */
static const struct columns {
    int event, proto, state, expires, src, dst, remarks;
} list_columns = {-1, 0, 10, 22, 29, 52, 75}, event_columns = {0, 8, 18, -1, 30, 52, 75};

struct line {
    int at; /* the column after what was printed */
};

/* A cell at a column; `next` begins no earlier than one blank after it. */
static void cell(struct line *l, int column, const char *text)
{
    if (column < 0 || !*text)
        return;
    if (l->at && l->at >= column) {
        putchar('\n');
        l->at = 0;
    }
    l->at += printf("%*s%s", column - l->at, "", text);
}

/* A word of the remarks, which go on in the next line when this one is full. */
static void remark(struct line *l, const struct columns *k, const char *fmt, ...)
{
    char text[64];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (l->at > k->remarks && l->at + 1 + (int)strlen(text) <= WIDTH)
        l->at += printf(" %s", text);
    else
        cell(l, k->remarks, text);
}

static const char *address(const struct pk_conn *c, enum pk_ct_end end,
                           char buf[static INET6_ADDRSTRLEN])
{
    uint8_t b[16];

    for (int i = 0; i < 8; i++) {
        b[i] = (uint8_t)(c->addr[end].hi >> (56 - 8 * i));
        b[8 + i] = (uint8_t)(c->addr[end].lo >> (56 - 8 * i));
    }
    return inet_ntop(c->family == PK_IPV4 ? AF_INET : AF_INET6, c->family == PK_IPV4 ? b + 12 : b,
                     buf, INET6_ADDRSTRLEN)
               ? buf
               : "?";
}

/* "192.0.2.1:80", "[2001:db8::1]:80"; without a port where the protocol has none. */
static const char *end_text(const struct pk_conn *c, enum pk_ct_end end, char buf[static 64])
{
    char text[INET6_ADDRSTRLEN];
    const char *a = address(c, end, text);

    if (!pk_conn_has_ports(c->proto))
        snprintf(buf, 64, "%s", a);
    else
        snprintf(buf, 64, c->family == PK_IPV4 ? "%s:%u" : "[%s]:%u", a, c->port[end]);
    return buf;
}

static const char *proto_text(const struct pk_conn *c, char buf[static 8])
{
    const char *name = pk_protocol_name(c->proto);

    if (name)
        return name;
    snprintf(buf, 8, "%u", c->proto);
    return buf;
}

/* What there is in place of one: a query's type and code, or nothing. */
static const char *state_text(const struct pk_conn *c, char buf[static 16])
{
    const char *state = pk_conn_state_name(c->proto, c->state);

    if (state)
        return state;
    if (!pk_conn_is_icmp(c->proto))
        return "-";
    snprintf(buf, 16, "type %u/%u", c->port[PK_CT_ORIGDST] >> 8 & 0xffu,
             c->port[PK_CT_ORIGDST] & 0xffu);
    return buf;
}

static void print_remarks(const struct pk_conn *c, const struct columns *k, struct line *l)
{
    if (pk_conn_is_icmp(c->proto))
        remark(l, k, "id=%u", c->port[PK_CT_ORIGSRC]);
    if (!(c->status & PK_CTF_SEEN_REPLY))
        remark(l, k, "unreplied");
    if (c->status & PK_CTF_ASSURED)
        remark(l, k, "assured");
    if (c->status & PK_CTF_EXPECTED)
        remark(l, k, "expected");
    if (c->mark)
        remark(l, k, "mark=0x%x", c->mark);
    if (c->zone[PK_CONN_ORIG] == c->zone[PK_CONN_REPLY] && c->zone[PK_CONN_ORIG])
        remark(l, k, "zone=%u", c->zone[PK_CONN_ORIG]);
    else if (c->zone[PK_CONN_ORIG] != c->zone[PK_CONN_REPLY])
        remark(l, k, "zone=%u/%u", c->zone[PK_CONN_ORIG], c->zone[PK_CONN_REPLY]);
    if (c->helper[0])
        remark(l, k, "helper=%.15s", c->helper);
}

static void print_reply(const struct pk_conn *c, const struct columns *k)
{
    struct line l = {0};
    char text[64];

    cell(&l, k->state, "reply");
    cell(&l, k->src, end_text(c, PK_CT_REPLSRC, text));
    cell(&l, k->dst, end_text(c, PK_CT_REPLDST, text));
    putchar('\n');
}

/* What each side sent. */
static void print_count(const struct pk_conn *c, const struct columns *k)
{
    struct line l = {0};
    char text[64], bytes[16];

    cell(&l, k->state, "sent");
    for (int dir = 0; dir < PK_CONN_DIRS; dir++) {
        snprintf(text, sizeof(text), "%" PRIu64 " pkt, %s", (uint64_t)c->count[dir].packets,
                 pk_bytes_str(c->count[dir].bytes, bytes));
        cell(&l, dir == PK_CONN_ORIG ? k->src : k->dst, text);
    }
    putchar('\n');
}

void pk_conn_print_head(bool event)
{
    const struct columns *k = event ? &event_columns : &list_columns;
    struct line l = {0};

    cell(&l, k->event, "event");
    cell(&l, k->proto, "proto");
    cell(&l, k->state, "state");
    cell(&l, k->expires, "expire");
    cell(&l, k->src, "source");
    cell(&l, k->dst, "destination");
    putchar('\n');
}

void pk_conn_print(const struct pk_conn *c, const char *event)
{
    const struct columns *k = event ? &event_columns : &list_columns;
    struct line l = {0};
    char text[64];

    cell(&l, k->event, event ? event : "");
    cell(&l, k->proto, proto_text(c, text));
    cell(&l, k->state, state_text(c, text));
    snprintf(text, sizeof(text), "%6u", c->expires);
    cell(&l, k->expires, text);
    cell(&l, k->src, end_text(c, PK_CT_ORIGSRC, text));
    cell(&l, k->dst, end_text(c, PK_CT_ORIGDST, text));
    print_remarks(c, k, &l);
    putchar('\n');
    if (!pk_conn_mirrored(c))
        print_reply(c, k);
    if (c->counted)
        print_count(c, k);
}

static json_t *tuple_json(const struct pk_conn *c, enum pk_conn_dir dir)
{
    enum pk_ct_end src = dir == PK_CONN_ORIG ? PK_CT_ORIGSRC : PK_CT_REPLSRC;
    char text[INET6_ADDRSTRLEN];
    json_t *o = json_object();

    json_object_set_new(o, "src", json_string(address(c, src, text)));
    json_object_set_new(o, "dst", json_string(address(c, src + 1, text)));
    if (pk_conn_is_icmp(c->proto)) {
        json_object_set_new(o, "id", json_integer(c->port[src]));
        json_object_set_new(o, "type", json_integer(c->port[src + 1] >> 8));
        json_object_set_new(o, "code", json_integer(c->port[src + 1] & 0xff));
    } else if (pk_conn_has_ports(c->proto)) {
        json_object_set_new(o, "sport", json_integer(c->port[src]));
        json_object_set_new(o, "dport", json_integer(c->port[src + 1]));
    }
    json_object_set_new(o, "zone", json_integer(c->zone[dir]));
    if (c->counted)
        json_object_set_new(o, "sent", pk_json_count(c->count[dir].packets, c->count[dir].bytes));
    return o;
}

static json_t *status_json(uint32_t status)
{
    json_t *list = json_array();

    for (unsigned k = 0; k < 32; k++)
        if (status >> k & 1 && pk_conn_status_name(k))
            json_array_append_new(list, json_string(pk_conn_status_name(k)));
    return list;
}

json_t *pk_conn_json(const struct pk_conn *c)
{
    const char *state = pk_conn_state_name(c->proto, c->state);
    char text[8];
    json_t *o =
        json_pack("{s:s,s:s,s:o,s:o,s:o,s:I,s:I,s:I}", "family", pk_family_name(c->family),
                  "protocol", proto_text(c, text), "status", status_json(c->status), "original",
                  tuple_json(c, PK_CONN_ORIG), "reply", tuple_json(c, PK_CONN_REPLY), "expires",
                  (json_int_t)c->expires, "mark", (json_int_t)c->mark, "id", (json_int_t)c->id);

    if (state)
        json_object_set_new(o, "state", json_string(state));
    if (c->helper[0])
        json_object_set_new(o, "helper", pk_json_text(c->helper));
    return o;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What files of text tell of other hosts: names, leases of a DHCPv6 server, logs, lists. Whatever
 * their format: a line has addresses, and what stands beside them. Each address and each DUID is
 * told once a file, with the lines that have it; what is remembered is bounded.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/audit.h"
#include "sensors/address/codes.h"
#include "sensors/address/input.h"
#include "sensors/address/lines.h"
#include "sensors/address/seen.h"
#include "sensors/address/text.h"

#define TOLD_MAX 65536u
#define TEXT_MAX (PATH_MAX + 64)

/* One that a line tells of: an address with a MAC, or a DUID. */
struct told {
    struct {
        struct pk_u128 address;
        struct pk_duid duid; /* len 0: of an address */
    } key;
    bool confirmed; /* a line has the MAC beside it */
    uint64_t line[PK_EVIDENCE_MAX], times;
};

struct reading {
    struct pk_seen_table told;
    uint64_t line;
};

static struct told *tell(struct reading *r, const void *key)
{
    struct told *t = pk_seen_get(&r->told, key);

    if (!t)
        return NULL;
    if (t->times < PK_EVIDENCE_MAX)
        t->line[t->times] = r->line;
    t->times++;
    return t;
}

static bool has(const struct pk_line_told *l, uint64_t mac)
{
    uint64_t of_duid;

    for (size_t i = 0; i < l->n_macs; i++)
        if (l->mac[i] == mac)
            return true;
    for (size_t i = 0; i < l->n_duids; i++)
        if (pk_duid_mac(&l->duid[i], &of_duid) && of_duid == mac)
            return true;
    return false;
}

/* On the link everybody sees the MAC; IANA's block and groups are no devices'. */
static bool gives_mac(struct pk_u128 a, struct pk_verdict *v)
{
    pk_address_judge(a, v);
    return v->scope == PK_SCOPE_GLOBAL && pk_iid_has_mac(v->iid) && v->iid != PK_IID_IANA &&
           v->iid != PK_IID_EUI64_GROUP;
}

/* odhcpd's lines begin with a '#' and are no comments: they have a DUID. */
static int take_line(void *arg, const char *line, const char *end)
{
    struct reading *r = arg;
    struct pk_line_told l;
    struct pk_address_found f;
    struct told key, *t;

    r->line++;
    pk_line_tells(line, end, &l);
    for (size_t i = 0; i < l.n_duids; i++) {
        memset(&key, 0, sizeof(key));
        memcpy(key.key.duid.bytes, l.duid[i].bytes, l.duid[i].len);
        key.key.duid.len = l.duid[i].len;
        tell(r, &key.key);
    }
    if (!l.n_duids)
        end = pk_address_line_end(line, end);
    while ((line = pk_address_find(line, end, &f))) {
        struct pk_verdict v;

        if (!gives_mac(f.address, &v))
            continue;
        memset(&key, 0, sizeof(key));
        key.key.address = f.address;
        t = tell(r, &key.key);
        if (t)
            t->confirmed |= has(&l, v.mac);
    }
    return 0;
}

static int find_address(const struct told *t, struct pk_finding *f, struct pk_findings *to)
{
    struct pk_verdict v;
    char text[46], mac[18], said[TEXT_MAX];

    pk_address_judge(t->key.address, &v);
    f->kind = PK_FINDING_ADDRESS_MAC;
    f->subject = pk_address_text(t->key.address, text);
    f->value = pk_mac_text(v.mac, mac);
    snprintf(said, sizeof(said), "stands in %s and has in it the MAC %s", f->where, mac);
    f->text = said;
    f->certainty = t->confirmed ? PK_CERTAIN : v.certainty;
    f->reasons[0] = t->confirmed ? "a line has the MAC beside it" : v.reason;
    return pk_findings_add(to, f);
}

static int find_told(const struct told *t, const char *file, struct pk_findings *to)
{
    struct pk_finding f = {
        .first = PK_WHEN_UNKNOWN, .last = PK_WHEN_UNKNOWN, .where = file, .times = t->times};

    for (; f.n_evidence < PK_MIN(t->times, PK_EVIDENCE_MAX); f.n_evidence++)
        f.evidence[f.n_evidence] =
            (struct pk_evidence){.unit = PK_EVIDENCE_LINE, .number = t->line[f.n_evidence]};
    return t->key.duid.len ? pk_audit_find_duid(&t->key.duid, "who has this DUID tells", &f, to)
                           : find_address(t, &f, to);
}

/* `path` is where it is, `file` what it is called. 0 or -errno; *read_error is the file's. */
static int read_lines(const char *path, const char *file, struct pk_diags *d,
                      struct pk_findings *to, int *read_error)
{
    struct reading r = {.line = 0};
    struct pk_input in = {.fd = -1};
    int e = 0;

    pk_seen_table_init(&r.told, TOLD_MAX, sizeof(struct told), sizeof(((struct told *)0)->key), 0);
    *read_error = pk_input_open(&in, path);
    if (!*read_error) {
        *read_error = pk_input_lines(&in, take_line, &r);
        pk_input_close(&in);
    }
    for (size_t i = 0; i < r.told.n && !e; i++)
        e = find_told((const struct told *)r.told.entry + i, file, to);
    if (r.told.beyond)
        pk_warn(d, PK_D_AUDIT_FILE, ((struct pk_place){.file = file}), NULL,
                "it has more than the %u addresses and DUIDs that are looked at", TOLD_MAX);
    pk_seen_table_done(&r.told);
    return e;
}

int pk_audit_find_in_files(const struct pk_audit *a, struct pk_findings *to)
{
    static const char *const files[] = {
        "/etc/hosts",
        "/var/lib/misc/dnsmasq.leases",
        "/var/lib/dnsmasq/dnsmasq.leases",
        "/var/lib/dhcp/dhcpd6.leases",
        "/var/lib/dhcpd/dhcpd6.leases",
        "/var/lib/kea/kea-leases6.csv",
        "/var/lib/kea/kea-dhcp6-serverid",
        "/tmp/hosts/odhcpd",
    };
    char path[PATH_MAX];
    int e = 0, failed;

    for (size_t i = 0; i < PK_ARRAY_SIZE(files) && !e; i++) {
        if (!pk_tree_plain(&a->tree, files[i], path))
            continue;
        e = read_lines(path, files[i], a->tree.d, to, &failed);
        if (failed)
            pk_warn(a->tree.d, PK_D_AUDIT_FILE, ((struct pk_place){.file = files[i]}),
                    failed == -EACCES ? "be root" : NULL, "not looked at: %s", strerror(-failed));
    }
    return e;
}

int pk_audit_find_also(const struct pk_audit *a, const char *file, struct pk_findings *to)
{
    const char *name = strcmp(file, "-") ? file : "standard input";
    int failed, e = read_lines(file, name, a->tree.d, to, &failed);

    if (failed)
        pk_error(a->tree.d, PK_D_AUDIT_FILE, ((struct pk_place){.file = name}), NULL,
                 "cannot read it: %s", strerror(-failed));
    return e ? e : failed;
}

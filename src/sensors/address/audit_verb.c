// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/audit_verb.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "sensors/address/codes.h"
#include "sensors/address/cure.h"

/* A new file that only its owner may change or run; what is there already is left alone. */
static int write_script(const char *path, const struct pk_buf *script, struct pk_diags *d)
{
    _pk_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0700);
    ssize_t n = fd < 0 ? -1 : write(fd, script->data, script->len);
    int r = n < 0 ? -errno : (size_t)n != script->len ? -ENOSPC : 0;

    if (!r)
        return 0;
    if (fd >= 0)
        unlink(path);
    pk_error(d, PK_D_AUDIT_FIX, ((struct pk_place){.file = path}),
             r == -EEXIST ? "name a new file: what is there is not overwritten" : NULL,
             "cannot write it: %s", strerror(-r));
    return r;
}

static int say_cures(struct pk_cli *c, const struct pk_audit *a, const struct pk_audit_ask *ask)
{
    _pk_buf_ struct pk_buf script = PK_BUF_INIT(PK_CURE_MAX), rules = PK_BUF_INIT(PK_CURE_MAX);

    pk_cure_script(a, &script);
    pk_cure_rules(a, &rules);
    if (script.failed || rules.failed)
        return script.failed ? script.failed : rules.failed;
    if (c->json) {
        json_object_set_new(c->obj, "fix",
                            pk_json_lines(script.data ? script.data : "", script.len));
        json_object_set_new(c->obj, "rules",
                            pk_json_lines(rules.data ? rules.data : "", rules.len));
    } else if (ask->format && !strcmp(ask->format, "rules") && rules.len) {
        fputs(rules.data, stdout);
    }
    if (!ask->fix_script)
        return 0;
    if (script.len)
        return write_script(ask->fix_script, &script, &c->d);
    pk_cli_say(c, "nothing to mend: %s is not written", ask->fix_script);
    return 0;
}

/* The table's host and interfaces come before its findings. */
static int show(struct pk_cli *c, const struct pk_audit *a, const struct pk_audit_ask *ask,
                enum pk_findings_format format, uint64_t *ret_found)
{
    _pk_findings_ struct pk_findings *f = NULL;
    json_t *list = NULL;
    int r = 0;

    if (c->json) {
        r = pk_audit_json(a, c->obj);
        list = json_array();
        json_object_set_new(c->obj, "findings", list);
        format = PK_FINDINGS_DOCUMENT;
    } else if (format == PK_FINDINGS_TABLE) {
        pk_audit_show(a, stdout);
        putchar('\n');
    }
    if (!r)
        r = pk_findings_new(format, stdout, list, &f);
    if (!r)
        r = pk_audit_find(a, f);
    for (size_t i = 0; i < ask->n_also && !r; i++)
        r = pk_audit_find_also(a, ask->also[i], f);
    if (!r && format != PK_FINDINGS_RULES)
        r = pk_findings_end(f);
    if (!r)
        *ret_found = pk_findings_count(f);
    return r;
}

int pk_audit_run(struct pk_cli *c, const struct pk_audit_ask *ask)
{
    struct pk_audit a = {
        .tree = {.root = ask->root ? ask->root : "", .arena = &c->arena, .d = &c->d}};
    enum pk_findings_format format = PK_FINDINGS_TABLE;
    uint64_t found = 0;
    struct stat st;
    int r;

    if (ask->format && pk_findings_format_parse(ask->format, &format)) {
        fprintf(stderr, "picket address: %s: audit has table, jsonl, openmetrics or rules\n",
                ask->format);
        return PK_EXIT_USAGE;
    }
    if (ask->root && (stat(ask->root, &st) || !S_ISDIR(st.st_mode))) {
        fprintf(stderr, "picket address: %s: no folder\n", ask->root);
        return PK_EXIT_USAGE;
    }
    r = pk_audit_read(&a, ask->links, ask->n);
    if (!r)
        r = pk_audit_leases(&a);
    if (!r) {
        pk_audit_judge(&a);
        r = show(c, &a, ask, format, &found);
    }
    if (!r)
        r = say_cures(c, &a, ask);
    pk_inet6_done(&a.inet6);
    if (r == -ENODEV)
        return pk_cli_end(c, PK_EXIT_USAGE);
    if (r)
        return pk_cli_end(c, pk_cli_refused(c, r, "auditing addresses"));
    return pk_cli_end(c, found ? PK_EXIT_NO : PK_EXIT_DONE);
}

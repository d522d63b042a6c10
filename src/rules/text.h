// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rule sets as text: iptables-save files and command files in, iptables-save text out.
 *
 * Reading never stops at the first bad line: every bad line is diagnosed, and a file with any error
 * gives no rule set. Grammar and meaning are those of iptables-legacy 1.8.9 (iptables-restore,
 * iptables); what Picket does not support is refused by name.
 */
#pragma once

#include "base/buf.h"
#include "base/diag.h"
#include "rules/ruleset.h"

enum pk_text_format { PK_TEXT_AUTO, PK_TEXT_SAVE, PK_TEXT_COMMANDS };

struct pk_read_options {
    enum pk_text_format format; /* AUTO: a first significant line starting with '*' is SAVE */
    int family;                 /* enum pk_family for unmarked lines, or -1: by name and header */
    bool counters;              /* -c: load [p:b] of the file */
};

/* What was read. A family that the text does not speak of is NULL. */
struct pk_read {
    struct pk_ruleset *family[PK_FAMILY_N];
    unsigned other_tables; /* tables other than filter that were parsed for form and left alone */
    char *other_names;     /* "nat, mangle"; in the arena */
};

/* 0; -EINVAL: `d` has at least one error; -ENOMEM. *ret is set only on success. */
int pk_text_read(const char *text, size_t len, const char *file, const struct pk_read_options *o,
                 struct pk_arena *a, struct pk_read *ret, struct pk_diags *d);

/* The words after "-A CHAIN " of a rule, normalised; becomes pk_rule.text. */
void pk_rule_print(const struct pk_rule *r, enum pk_family family, struct pk_buf *out);

struct pk_save_options {
    bool counters; /* "[p:b] " before each rule, as iptables-save -c; policies always have them */
    const struct pk_counters *rule;   /* [n_rules] by ordinal, or NULL: the rules' own */
    const struct pk_counters *policy; /* [PK_HOOK_N], or NULL: the chains' own */
};

/* "*filter … COMMIT" byte for byte as iptables-legacy-save 1.8.9, without its '#' lines. */
void pk_ruleset_save(const struct pk_ruleset *rs, const struct pk_save_options *o,
                     struct pk_buf *out);

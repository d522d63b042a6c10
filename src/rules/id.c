// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/id.h"

#include <string.h>

#include "base/hash.h"

#define ID_SEED 0x7069636b65746964ULL /* "picketid" */

/* What begins a family or a chain: a small number, which a rule's hash is not but by accident. */
static void put(struct pk_buf *b, uint64_t mark, uint64_t v)
{
    const uint64_t pair[2] = {mark, v};

    pk_buf_add(b, pair, sizeof(pair));
}

uint64_t pk_rule_hash(const char *text, size_t len)
{
    return pk_hash64(text, len, ID_SEED);
}

void pk_id_family(struct pk_buf *b, enum pk_family family, size_t n_chains)
{
    put(b, 1 + (uint64_t)family, n_chains);
}

void pk_id_chain(struct pk_buf *b, const char *name, int hook, enum pk_action policy)
{
    put(b, hook >= 0 ? 16 + (uint64_t)policy : 3, pk_hash64(name, strlen(name), ID_SEED));
}

void pk_id_rule(struct pk_buf *b, uint64_t hash)
{
    pk_buf_add(b, &hash, sizeof(hash));
}

int pk_id_end(const struct pk_buf *b, struct pk_u128 *ret)
{
    if (!b->failed)
        *ret = pk_hash128(b->data, b->len);
    return b->failed;
}

static void add_chain(struct pk_buf *b, const struct pk_chain *c)
{
    pk_id_chain(b, c->name, c->hook, c->policy);
    for (size_t i = 0; i < c->n_rules; i++)
        pk_id_rule(b, pk_rule_hash(c->rules[i]->text, strlen(c->rules[i]->text)));
}

int pk_ruleset_id(const struct pk_ruleset *const rs[PK_FAMILY_N], struct pk_u128 *ret)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(PK_ID_BYTES_MAX);

    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        if (!rs[f] || !rs[f]->given)
            continue;
        pk_id_family(&b, rs[f]->family, rs[f]->n_chains);
        for (size_t i = 0; i < rs[f]->n_chains; i++)
            add_chain(&b, rs[f]->chains[i]);
    }
    return pk_id_end(&b, ret);
}

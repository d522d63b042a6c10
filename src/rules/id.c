// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/id.h"

#include <string.h>

#include "base/hash.h"

#define ID_SEED 0x7069636b65746964ULL /* "picketid" */

uint64_t pk_rule_hash(const char *text, size_t len)
{
    return pk_hash64(text, len, ID_SEED);
}

void pk_id_family(struct pk_hash128 *id, enum pk_family family, size_t n_chains)
{
    pk_hash128_word(id, 1 + (uint64_t)family);
    pk_hash128_word(id, n_chains);
}

void pk_id_chain(struct pk_hash128 *id, const char *name, int hook, enum pk_action policy,
                 const struct pk_hash128 *rules)
{
    struct pk_u128 sum = pk_hash128_end(rules);

    pk_hash128_word(id, hook >= 0 ? 16 + (uint64_t)policy : 3);
    pk_hash128_word(id, pk_hash64(name, strlen(name), ID_SEED));
    pk_hash128_word(id, sum.hi);
    pk_hash128_word(id, sum.lo);
}

void pk_chain_hash(const struct pk_chain *c, struct pk_hash128 *ret)
{
    pk_hash128_begin(ret);
    for (size_t i = 0; i < c->n_rules; i++)
        pk_hash128_word(ret, pk_rule_hash(c->rules[i]->text, strlen(c->rules[i]->text)));
}

struct pk_u128 pk_ruleset_id(const struct pk_ruleset *const rs[PK_FAMILY_N])
{
    struct pk_hash128 id, rules;

    pk_hash128_begin(&id);
    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        if (!rs[f] || !rs[f]->given)
            continue;
        pk_id_family(&id, rs[f]->family, rs[f]->n_chains);
        for (size_t i = 0; i < rs[f]->n_chains; i++) {
            const struct pk_chain *c = rs[f]->chains[i];

            pk_chain_hash(c, &rules);
            pk_id_chain(&id, c->name, c->hook, c->policy, &rules);
        }
    }
    return pk_hash128_end(&id);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/reason.h"

#include "base/macro.h"

static const struct {
    const char *name, *help;
} reasons[PK_REASON_N] = {
    [PK_R_ACCEPT_RULE] = {"accept-rule", "accepted by a rule"},
    [PK_R_ACCEPT_POLICY] = {"accept-policy", "accepted by policy"},
    [PK_R_DROP_RULE] = {"drop-rule", "dropped by a rule"},
    [PK_R_DROP_POLICY] = {"drop-policy", "dropped by policy"},
    [PK_R_DROP_HOT] = {"drop-hot", "dropped: a match could not read its header"},
    [PK_R_DROP_EXTHDR] = {"drop-exthdr", "dropped: too many extension headers"},
    [PK_R_DROP_WALK] = {"drop-walk", "dropped: the walk did not end (damaged image)"},
    [PK_R_DROP_NO_PROG] = {"drop-no-program", "dropped: no program in the live bank"},
    [PK_R_PASS_OPEN] = {"pass-open", "passed: its family was never set"},
    [PK_R_PASS_NOT_IP] = {"pass-not-ip", "passed: not IP (ARP and the like)"},
    [PK_R_PASS_UNGUARDED] = {"pass-unguarded", "passed: neither interface is guarded"},
    [PK_R_PASS_JUDGED] = {"pass-judged", "passed: judged at ingress already"},
    [PK_R_PASS_MALFORMED] = {"pass-malformed", "left to the stack: bad IP header"},
    [PK_R_ACCEPT_LOST] = {"accept-untracked", "accepted while connection tracking was off"},
    [PK_R_DROP_STATE] = {"drop-state", "dropped: no place for a new connection"},
    [PK_R_DROP_TAGS] = {"drop-tags", "dropped: more than two VLAN tags"},
};

const char *pk_where_name(enum pk_where w)
{
    static const char *const names[PK_WHERE_N] = {"INPUT", "FORWARD", "OUTPUT", "-"};

    return w < PK_WHERE_N ? names[w] : "?";
}

const char *pk_reason_name(enum pk_reason r)
{
    return r < PK_REASON_N && reasons[r].name ? reasons[r].name : "unknown";
}

const char *pk_reason_help(enum pk_reason r)
{
    return r < PK_REASON_N && reasons[r].help ? reasons[r].help : "unknown";
}

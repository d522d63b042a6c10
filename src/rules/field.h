// SPDX-License-Identifier: GPL-2.0-or-later
/* The fields of the classifier and their special values; shared by user space and BPF. See leaf.h.
 */
#pragma once

enum pk_field {
    PK_F_KIND,
    PK_F_DADDR,
    PK_F_SADDR,
    PK_F_DPORT,
    PK_F_SPORT,
    PK_F_FLAGS,
    PK_F_ICMP,
    PK_F_IIF,
    PK_F_OIF,
    PK_FIELD_N
};

#define PK_PORT_SHORT 65536u
#define PK_PORT_NONE 131072u
#define PK_FLAGS_NONE 256u
#define PK_ICMP_NONE 65536u

/* What the walk does when a rule matches. */
enum pk_action {
    PK_ACT_NONE, /* no -j, or a target that does not end the walk: count and go on */
    PK_ACT_ACCEPT,
    PK_ACT_DROP,
    PK_ACT_RETURN,
    PK_ACT_JUMP,
    PK_ACT_GOTO,
};

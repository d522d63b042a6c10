// SPDX-License-Identifier: GPL-2.0-or-later
/* Diagnostic codes of matches and of the compilation of one rule. Append only. */
#pragma once

enum {
    PK_CODE_PORT = 201,          /* not a port, a range of ports, or a known service */
    PK_CODE_PORT_RANGE = 202,    /* a range that ends before it starts */
    PK_CODE_NEEDS_PROTO = 203,   /* a match that wants another -p */
    PK_CODE_ONLY_ONE_OF = 204,   /* two options that exclude each other */
    PK_CODE_TCP_FLAG = 205,      /* not a TCP flag */
    PK_CODE_TCP_OPTION = 206,    /* not a TCP option number */
    PK_CODE_NOT_SUPPORTED = 207, /* an option of iptables that Picket does not know how to judge */
    PK_CODE_TOO_MANY_PORTS = 208,
    PK_CODE_NEEDS_OPTION = 209, /* a match that says nothing without an option */
    PK_CODE_ICMP_TYPE = 210,    /* not an ICMP type, or more than one */
    PK_CODE_ICMP_CODE = 211,
    PK_CODE_ADDRESS_RANGE = 212,
    PK_CODE_COMMENT = 213,
    PK_CODE_SAVED_OTHERWISE = 214, /* iptables-save would print another rule than this one */
    PK_CODE_CT_STATE = 215,        /* not a state of connection tracking */
    PK_CODE_CT_STATUS = 216,
    PK_CODE_CT_PROTO = 217,
    PK_CODE_CT_ADDRESS = 218,
    PK_CODE_CT_EXPIRE = 219,
    PK_CODE_CT_DIR = 220,
    PK_CODE_NUMBER = 221,
    PK_CODE_MH_TYPE = 222,     /* not a type of mobility header */
    PK_CODE_HOPS = 223,        /* not the addresses of a routing header */
    PK_CODE_OPTIONS = 224,     /* not options of an extension header */
    PK_CODE_IPV6_HEADER = 225, /* not a header that -m ipv6header knows */
    PK_CODE_HOOK = 226,        /* a match in a chain that packets without it reach */
    PK_CODE_DSCP = 227,        /* not the name of a DSCP */
    PK_CODE_TOS = 228,         /* not a type of service */

    PK_CODE_RULE_LEAVES = 1001,    /* one rule falls into too many leaves */
    PK_CODE_RULE_STEPS = 1002,     /* one rule has too many residual steps */
    PK_CODE_RULE_INTERVALS = 1003, /* one field of one rule has too many intervals */
};

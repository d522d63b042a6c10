// SPDX-License-Identifier: GPL-2.0-or-later
/* What a table of connections is seeded with in this network namespace, one connection a line. */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/diag.h"
#include "kernel/conn.h"

static void print_end(const struct pk_conn *c, enum pk_ct_end end)
{
    char text[INET6_ADDRSTRLEN] = "";
    uint8_t b[16];

    for (int i = 0; i < 8; i++) {
        b[i] = (uint8_t)(c->addr[end].hi >> (56 - 8 * i));
        b[8 + i] = (uint8_t)(c->addr[end].lo >> (56 - 8 * i));
    }
    inet_ntop(c->family == PK_IPV4 ? AF_INET : AF_INET6, c->family == PK_IPV4 ? b + 12 : b, text,
              sizeof(text));
    printf(" %s %u", text, c->port[end]);
}

static int print(void *arg, const struct pk_conn *c)
{
    const char *state = pk_conn_state_name(c->proto, c->state);

    printf("%s %u %s %#x scale %u %u flags %#x", (const char *)arg, c->proto, state ? state : "-",
           c->status, c->tcp_scale[PK_CONN_ORIG], c->tcp_scale[PK_CONN_REPLY],
           c->tcp_flags[PK_CONN_ORIG]);
    for (int end = 0; end < PK_CT_ENDS; end++)
        print_end(c, end);
    puts(c->expires ? " expires" : " -");
    return 0;
}

int main(void)
{
    _pk_diags_ struct pk_diags d = {0};
    int r = pk_sockdiag_each(print, "socket", &d);

    if (!r)
        r = pk_conn_seed(print, "seed", &d);
    pk_diags_print(&d, stderr);
    return !!r;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* A message of ctnetlink to a record, and a record to what names its entry. */
#pragma once

#include <libmnl/libmnl.h>

#include "kernel/conn.h"

/* 0, or -EPROTO: no entry of IPv4 or IPv6, or not of the form that Linux gives it. */
int pk_ctnl_parse(const struct nlmsghdr *n, struct pk_conn *ret);
/* Adds to a message what names this entry and no later one of the same addresses and ports. */
void pk_ctnl_put(struct nlmsghdr *n, const struct pk_conn *c);
/* Adds what a new entry is made of. */
void pk_ctnl_put_new(struct nlmsghdr *n, const struct pk_conn *c);

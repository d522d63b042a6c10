// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many addresses in one array: sorted and each once. 16 bytes an address and nothing beside them:
 * the sort is in place, so that 100,000,000 addresses need 1.6 GB. An owned object.
 */
#pragma once

#include <stddef.h>

#include "base/u128.h"

struct pk_address_list {
    struct pk_u128 *item;
    size_t n, cap;
};

/* 0 or -ENOMEM. */
int pk_address_list_add(struct pk_address_list *l, struct pk_u128 a);
/* Sorts by value and drops what is there twice. */
void pk_address_list_unique(struct pk_address_list *l);
void pk_address_list_done(struct pk_address_list *l);
#define _pk_address_list_ __attribute__((cleanup(pk_address_list_done)))

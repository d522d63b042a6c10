// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a new fence needs and no rule decides, made ahead in a thread (fence.h): maps and programs,
 * bound to these maps and to an image map whose size is guessed from that of the text. Each part is
 * handed over once, and what does not fit is made by the caller as ever.
 */
#pragma once

#include "kernel/bank.h"

/* The maps, once. 0 or -ENOENT: they are for another hook, or could not be made. */
int pk_ahead_maps(struct pk_ahead *a, enum pk_attach_kind hook, struct pk_maps *ret);
/* The image map, into s->engine, and its programs. -ENOENT: they do not fit the image of s. */
int pk_ahead_engine(struct pk_ahead *a, const struct pk_bank_set *s, struct pk_progs *ret);

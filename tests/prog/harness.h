// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The BPF programs under BPF_PROG_TEST_RUN: one object per kind of hook, loaded once with a large
 * image; a rule set is copied in, frames are handed to the bank's programs, counters are read back.
 * Runs as root in a network namespace of its own, where the only device is `lo` (index 1).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "classify/image.h"
#include "datapath/abi/ctl.h"
#include "rules/ruleset.h"

#define H_SLOTS 8192u
#define H_TEST_COUNTERS 64u

enum h_prog { H_NF, H_TC_INGRESS, H_TC_EGRESS, H_XDP, H_PROGS };

struct harness;

/* NULL, with a line on standard error, if the programs cannot be loaded. */
struct harness *h_open(const char *nf, const char *tc, const char *xdp, const char *gather);
void h_close(struct harness *h);
const char *h_name(enum h_prog p);
/* Whether this kernel has programs of that kind: else none of the functions below may be called. */
bool h_has(const struct harness *h, enum h_prog p);

/* Puts an image in force for all programs and clears all counters. */
int h_load(struct harness *h, const struct pk_image_head *image);

/*
 * The names that interface indexes 1 and 2 have for tc and XDP. Other names than before: no flow is
 * recalled that was seen under those.
 */
int h_name_interfaces(struct harness *h, struct pk_u128 one, struct pk_u128 two);

/*
 * Hands an IP packet, behind an Ethernet header and `tags` VLAN tags, to the program. `hook` is the
 * base chain: tc ingress and XDP can only judge INPUT here, tc egress not INPUT. 1 passed, 0
 * dropped, -errno.
 */
int h_run(struct harness *h, enum h_prog p, enum pk_hook hook, enum pk_family family,
          const uint8_t *ip, size_t len, unsigned tags);

/* The source MAC address of its frames, if the program can see it; see gen_packet(). */
const uint8_t *h_mac(enum h_prog p);

/* Tells counters what flows have counted; until then those below may lag behind. 0 or -errno. */
int h_gather(struct harness *h, enum h_prog p);
/* Sums over CPUs. */
struct pk_counters h_counter(struct harness *h, enum h_prog p, uint32_t slot);
uint64_t h_reason(struct harness *h, enum h_prog p, enum pk_where where, enum pk_reason reason);
/* How often a walk has asked for a place in the flow cache. */
uint64_t h_flow_claims(struct harness *h, enum h_prog p);
uint64_t h_test_counter(struct harness *h, enum h_prog p, uint32_t i);

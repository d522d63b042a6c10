// SPDX-License-Identifier: GPL-2.0-or-later
/* The walk through a packet's layers: each step reads one and says what comes next. */
#pragma once

#include "capture/layers.h"

struct pk_layer_walk {
    const struct pk_capture_packet *packet;
    const uint8_t *p, *end; /* what is left */
    /* The next step; NULL: there is none. */
    void (*next)(struct pk_layer_walk *w);
    uint16_t type; /* for the step by EtherType */
    unsigned inside;
    bool direct;
    uint64_t mac_src, mac_dst;
    unsigned ip_headers;
    enum pk_unread unread;
    pk_ipv6_fn *fn;
    void *arg;
    int r;
};

/* Whether n bytes are there; if not, the walk ends, and it is noted why. */
bool pk_layer_has(struct pk_layer_walk *w, size_t n);
void pk_layer_ends(struct pk_layer_walk *w, enum pk_unread why);

/* The step for LINKTYPE_; NULL: not known. */
typedef void pk_layer_step(struct pk_layer_walk *w);
pk_layer_step *pk_layer_of_link(uint32_t link);

void pk_layer_ethernet(struct pk_layer_walk *w);
void pk_layer_by_type(struct pk_layer_walk *w);
void pk_layer_ip(struct pk_layer_walk *w); /* by its version */

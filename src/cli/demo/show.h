// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo's output: each scene as text while it happens, or as facts of one JSON document. */
#pragma once

#include "cli/demo/demo.h"

void pk_demo_show_wire(struct pk_demo *d);
int pk_demo_show_apply(struct pk_demo *d, double seconds);
/* The heading of a scene that is a list of probes; `scene` is its name in JSON. */
void pk_demo_show_list(struct pk_demo *d, const char *scene);
void pk_demo_show_row(struct pk_demo *d, const char *scene, const struct pk_demo_probe *p,
                      const struct pk_demo_result *res);
void pk_demo_show_why(struct pk_demo *d, const struct pk_demo_probe *p, const struct pk_verdict *v,
                      const struct pk_demo_trace *trace);
/* Swaps so far, on a terminal; 0 begins the scene. */
void pk_demo_show_swapping(struct pk_demo *d, unsigned swaps);
void pk_demo_show_swap(struct pk_demo *d, const struct pk_demo_swaps *s);
void pk_demo_show_detach(struct pk_demo *d, bool gone, const struct pk_demo_probe *p,
                         enum pk_demo_outcome outcome);
void pk_demo_show_end(struct pk_demo *d, double seconds);

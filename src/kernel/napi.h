// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which CPU receives. A veth's NAPI instance runs on the CPU that sends, unless it has a thread of
 * its own (Linux 5.12), which can be put on another: there it comes before ordinary tasks, as the
 * softirq of a real device does. For `picket bench --ddos`.
 */
#pragma once

#include "kernel/netns.h"

/* Gives a link's NAPI instance a thread, on one CPU. 0 or -errno. */
int pk_napi_thread(const struct pk_netns *ns, const char *name, int cpu);

// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's functions that programs call, by their numbers in its type information. */
#pragma once

#include <stdint.h>

#include "datapath/linked.h"

#define PK_BTF_PATH "/sys/kernel/btf/vmlinux"

/* A number for each of pk_linked_kfuncs; 0: this kernel has not got it. 0 or -errno. */
int pk_kfuncs_find(uint32_t ret[static PK_KFUNCS_MAX]);

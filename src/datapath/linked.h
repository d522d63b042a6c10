// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BPF programs as link.py leaves them, in the binary: nothing is compiled, and nothing of an object
 * file is read at run time. What is left to the loader are the references.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* A map that programs use. Those which the loader does not bring are made as this says. */
struct pk_linked_map {
    const char *name;
    uint32_t type, key_size, value_size, max_entries, flags;
};

enum pk_ref_kind {
    PK_REF_MAP,   /* which: of the object's maps; the instruction gets its descriptor */
    PK_REF_KFUNC, /* which: of pk_linked_kfuncs; its number in the kernel's type information */
};

struct pk_ref {
    uint32_t insn;
    uint16_t kind, which;
};

struct pk_linked_prog {
    const char *name;
    uint32_t type, attach; /* enum bpf_prog_type, enum bpf_attach_type */
    const uint64_t *insns; /* struct bpf_insn */
    const struct pk_ref *refs;
    const struct bpf_func_info *funcs;
    const struct bpf_core_relo *fields; /* of the kernel's types, which relocates them itself */
    uint32_t n_insns, n_refs, n_funcs, n_fields;
};

struct pk_linked {
    const char *name;
    const struct pk_linked_prog *progs;
    const struct pk_linked_map *maps;
    const uint8_t *btf, *rodata;
    uint32_t n_progs, n_maps;
    uint32_t btf_size, rodata_size;
    uint32_t config; /* where struct pk_config stands in rodata */
};

extern const struct pk_linked pk_linked_dispatch;
extern const struct pk_linked pk_linked_nf;
extern const struct pk_linked pk_linked_tc;
extern const struct pk_linked pk_linked_xdp;
extern const struct pk_linked pk_linked_forget;
extern const struct pk_linked pk_linked_gather;
extern const struct pk_linked pk_linked_bench;

/* The kernel's functions that programs call; NULL behind the last. */
#define PK_KFUNCS_MAX 8
extern const char *const pk_linked_kfuncs[PK_KFUNCS_MAX];

/* Of all the programs. */
extern const uint64_t pk_linked_sum;

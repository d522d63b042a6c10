// SPDX-License-Identifier: GPL-2.0-or-later
/* Diagnostic codes of this room. Append only: one meaning for ever. */
#pragma once

enum pk_kernel_code {
    PK_K_PRIVILEGE = 2001, /* not enough privilege */
    PK_K_NO_BTF,           /* the kernel gives no type information */
    PK_K_NO_BPFFS,         /* no BPF file system can be had */
    PK_K_MOUNT_NS,         /* the mount namespace of PID 1 cannot be entered */
    PK_K_SYSTEM,           /* a system call failed */
    PK_K_VERIFIER,         /* the kernel's verifier refused a program */
    PK_K_NO_HOOK,          /* this kernel lacks the hook */
    PK_K_NEEDS_DEV,        /* the hook cannot cover a whole namespace */
    PK_K_NO_DEV,           /* no such interface */
    PK_K_OCCUPIED,         /* somebody else's program is at our place */
    PK_K_STANDING,         /* the standing fence is another one than asked for */
    PK_K_OTHER_ABI,        /* the standing fence is another picket's */
    PK_K_DAMAGED,          /* pins are not what was written */
    PK_K_NO_BEFORE,        /* there is no set to go back to */
    PK_K_GENERIC_XDP,      /* warning: XDP runs in the kernel's slow form */
    PK_K_DEV_GONE,         /* warning: a guarded interface is not there */
    PK_K_TOO_MANY,         /* more rules, interfaces or bytes than there is room for */
    PK_K_MEMORY,           /* out of memory */
    PK_K_COUNTERS_LOST,    /* warning: counters of another picket's set cannot be read */
    PK_K_STACKED,     /* a device above or below the interface would have packets judged twice */
    PK_K_DEV_RENAMED, /* warning: a guarded interface has another name now */
    PK_K_NOT_FIRST,   /* warning: somebody's filter stands before the fence's */
    PK_K_CONNTRACK,   /* connection tracking cannot be had for a rule that asks for it */
    PK_K_SEED,        /* warning: connections of before the fence may be cut */
    PK_K_ZONE,        /* an interface that is given a zone is not guarded */
};

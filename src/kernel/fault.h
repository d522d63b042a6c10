// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault injection, compiled only with -DPK_FAULTS (a test build; never in picket). Every system
 * call of this room that changes something is a numbered point:
 *
 *   PK_KILL_AT=n  the process is killed (SIGKILL) at the n-th point, before the call
 *   PK_FAIL_AT=n  the n-th call fails with ENOMEM instead
 */
#pragma once

#ifdef PK_FAULTS
int pk_fault(void);
#else
static inline int pk_fault(void)
{
    return 0;
}
#endif

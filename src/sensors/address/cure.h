// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What mends what the audit found, as shell commands for the manager in charge and as rules.
 * picket prints them and never runs them. Names of interfaces, files and connections are foreign
 * text: they are quoted.
 *
 * The order: no more identifiers of the MAC (RFC 7217), temporary addresses for a client (RFC
 * 8981), a DUID without a MAC, and only then the addresses that are there.
 */
#pragma once

#include "sensors/address/audit.h"

#define PK_CURE_MAX ((size_t)4 << 20)
#define PK_CURE_LABEL 4242u /* of no destination in the policy table (RFC 6724, 2.1) */

/* Whether there is anything to do about this interface. */
bool pk_cure_needed(const struct pk_audit_link *l);
/* What makes the interface's manager stop, for good; one command a line. */
void pk_cure_setting(const struct pk_audit_link *l, struct pk_buf *out);
/* What keeps one address from being taken as source, for now: until the next router advertisement.
 */
void pk_cure_selection(const struct pk_audit_link *l, const struct pk_audit_address *x,
                       struct pk_buf *out);
/* The script of all of it. Empty: there is nothing to do. */
void pk_cure_script(const struct pk_audit *a, struct pk_buf *out);
/*
 * ip6tables-save text of a chain that keeps addresses from being used as source to the outside,
 * where the interface has a better one, and ICMPv6 errors from telling them. Exempt are the link,
 * neighbour discovery, and answers. Empty: there is nothing to do.
 */
void pk_cure_rules(const struct pk_audit *a, struct pk_buf *out);

void pk_shell_quote(const char *s, struct pk_buf *out);

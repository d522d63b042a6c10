// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The finding: what a sensor saw. When, where, of what, how sure and why, by which part of its
 * input, and what would answer it. Sensors make findings, outputs print them, and neither knows the
 * other.
 *
 * A finding is lent: its maker fills one on its stack and hands it to pk_findings_add(), which
 * copies what it keeps. Texts may be of foreign origin; the outputs make them safe to show.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum pk_certainty {
    PK_WEAK,    /* chance or another scheme makes such bits, too */
    PK_STRONG,  /* several things agree */
    PK_CERTAIN, /* by definition, or seen twice */
    PK_CERTAINTY_N
};

/* Kinds. Append only: a number keeps its meaning for ever. A sensor has a hundred of its own. */
enum pk_finding_kind {
    /* address: what packets give away */
    PK_FINDING_ADDRESS_MAC = 100, /* an address has its device's MAC in it */
    PK_FINDING_SAME_IID = 101,    /* one interface identifier under several prefixes */
    PK_FINDING_ERROR_MAC = 102,   /* an ICMPv6 error's source has the MAC of who sent it */
    PK_FINDING_GROUP_MAC = 103,   /* a solicited-node group has the device half of a MAC */
    PK_FINDING_DUID = 104,        /* a DHCPv6 DUID: stable, and by its type a MAC and a date */
    PK_FINDING_NAME = 105,        /* mDNS puts a name beside an address */
    PK_FINDING_PRESENCE = 106,    /* the first hop says which addresses are absent */
    PK_FINDING_PREFIX = 107,      /* one EUI-64 device makes a whole prefix followable */
    /* address: what a host's settings give away */
    PK_FINDING_SOURCE_MAC = 120,    /* an address with a MAC is what the host takes as source */
    PK_FINDING_GUESSABLE = 121,     /* an address that a scan finds */
    PK_FINDING_SETTING = 122,       /* a setting will make addresses with a MAC */
    PK_FINDING_SHARED_SECRET = 123, /* one secret makes the same identifier on two interfaces */
};

enum pk_answer_kind {
    PK_ANSWER_NONE,
    PK_ANSWER_RULE,    /* one line of ip6tables-save's: "-A OUTPUT ..." */
    PK_ANSWER_SETTING, /* commands, one a line */
};

/* A reference into the input: packet or line `number`, from 1; of nothing that counts, 0. */
enum pk_evidence_unit { PK_EVIDENCE_PACKET, PK_EVIDENCE_LINE };

struct pk_evidence {
    const char *input; /* file or setting; NULL: the finding's `where` */
    enum pk_evidence_unit unit;
    uint64_t number;
};

#define PK_EVIDENCE_MAX 4u
#define PK_REASONS_MAX 6u
#define PK_WHEN_UNKNOWN INT64_MIN

struct pk_finding {
    enum pk_finding_kind kind;
    int64_t first, last; /* seen, ns since 1970 in UTC, or PK_WHEN_UNKNOWN */
    const char *where;   /* interface or file */
    const char *subject; /* whose: an address, a prefix, a host, an interface */
    const char *value;   /* what is seen of it: a MAC, a name, a prefix; or NULL */
    const char *text;    /* one line for people */
    enum pk_certainty certainty;
    const char *reasons[PK_REASONS_MAX]; /* why just so certain; phrases, NULL after the last */
    struct pk_evidence evidence[PK_EVIDENCE_MAX];
    size_t n_evidence;
    uint64_t times; /* seen in all, which may be more than the evidence that is kept; 0: once */
    enum pk_answer_kind answer_kind;
    const char *answer;
};

/* Names: lower case with dashes. They stand in JSON and metrics and never change. */
const char *pk_finding_kind_name(enum pk_finding_kind k);
const char *pk_certainty_name(enum pk_certainty c);

enum pk_findings_format {
    PK_FINDINGS_TABLE,       /* 80 columns */
    PK_FINDINGS_JSONL,       /* docs/schemas/picket.finding.1.json, one a line */
    PK_FINDINGS_OPENMETRICS, /* how many of each kind and certainty */
    PK_FINDINGS_RULES,       /* the rules that answer, each once, as ip6tables-save text */
    PK_FINDINGS_DOCUMENT,    /* into a JSON array, for a verb's --json */
};

/* In a document, and of rules kept; beyond it findings are counted and not kept. */
#define PK_FINDINGS_MAX 100000u

struct pk_findings;

/*
 * `to` is where all but the document goes; `document` is an array that is lent, and only used for
 * PK_FINDINGS_DOCUMENT. 0 or -ENOMEM.
 */
int pk_findings_new(enum pk_findings_format format, FILE *to, json_t *document,
                    struct pk_findings **ret);
/* 0 or -errno of the output. */
int pk_findings_add(struct pk_findings *s, const struct pk_finding *f);
/* Prints what stands at the end. 0 or -errno. */
int pk_findings_end(struct pk_findings *s);
uint64_t pk_findings_count(const struct pk_findings *s);
uint64_t pk_findings_dropped(const struct pk_findings *s);
void pk_findings_free(struct pk_findings **s);

static inline void pk_findings_p(struct pk_findings **s)
{
    if (*s)
        pk_findings_free(s);
}
#define _pk_findings_ __attribute__((cleanup(pk_findings_p)))

/* "table", "jsonl", "openmetrics" or "rules". 0 or -EINVAL. */
int pk_findings_format_parse(const char *name, enum pk_findings_format *ret);
/* "2026-11-22T11:38:21.000000000Z" */
const char *pk_when_text(int64_t when, char buf[static 40]);

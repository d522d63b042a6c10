// SPDX-License-Identifier: GPL-2.0-or-later
#include "finding/finding.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"

#define NS INT64_C(1000000000)

static const struct {
    enum pk_finding_kind kind;
    const char *name;
} kinds[] = {
    {PK_FINDING_ADDRESS_MAC, "address-mac"},
    {PK_FINDING_SAME_IID, "same-iid"},
    {PK_FINDING_ERROR_MAC, "error-mac"},
    {PK_FINDING_GROUP_MAC, "group-mac"},
    {PK_FINDING_DUID, "duid"},
    {PK_FINDING_NAME, "mdns-name"},
    {PK_FINDING_PRESENCE, "presence"},
    {PK_FINDING_PREFIX, "mac-prefix"},
    {PK_FINDING_SOURCE_MAC, "source-mac"},
    {PK_FINDING_GUESSABLE, "guessable"},
    {PK_FINDING_SETTING, "mac-setting"},
    {PK_FINDING_SHARED_SECRET, "one-secret"},
};

const char *pk_finding_kind_name(enum pk_finding_kind k)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(kinds); i++)
        if (kinds[i].kind == k)
            return kinds[i].name;
    return "unknown";
}

const char *pk_certainty_name(enum pk_certainty c)
{
    static const char *const names[PK_CERTAINTY_N] = {"weak", "strong", "certain"};

    return names[c];
}

int pk_findings_format_parse(const char *name, enum pk_findings_format *ret)
{
    static const char *const names[] = {
        [PK_FINDINGS_TABLE] = "table",
        [PK_FINDINGS_JSONL] = "jsonl",
        [PK_FINDINGS_OPENMETRICS] = "openmetrics",
        [PK_FINDINGS_RULES] = "rules",
    };

    for (size_t i = 0; i < PK_ARRAY_SIZE(names); i++)
        if (!strcmp(names[i], name)) {
            *ret = (enum pk_findings_format)i;
            return 0;
        }
    return -EINVAL;
}

/* Captures may say any time, so that what is before 1970 is rounded down, too. */
const char *pk_when_text(int64_t when, char buf[static 40])
{
    int64_t ns = (when % NS + NS) % NS;
    time_t seconds = (time_t)((when - ns) / NS);
    struct tm tm;
    size_t n;

    if (when < INT64_MIN + NS || !gmtime_r(&seconds, &tm))
        return "unknown";
    n = strftime(buf, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf + n, 40 - n, ".%09dZ", (int)ns);
    return buf;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/space.h"

#include <math.h>

#include "base/macro.h"

#define PORTS 20.0      /* RFC 7707, 4.1.1.4 */
#define WORDS_TRIED 1e4 /* two words of a dictionary of a hundred */

static bool is(struct pk_space *s, double addresses, const char *known)
{
    *s = (struct pk_space){addresses, known};
    return true;
}

/* A vendor's smallest block may be 2^12. */
static bool of_block(const struct pk_verdict *v, const struct pk_vendors *vendors,
                     struct pk_space *s)
{
    const struct pk_vendor_block *b = pk_vendor_of(vendors, v->mac);
    uint64_t all = b && b->name ? pk_vendor_space(vendors, b->name, NULL) : 0;

    if (all)
        return is(s, (double)all, "the vendor");
    return is(s, 0x1p24, "the block of the MAC");
}

static bool of_machine(const struct pk_verdict *v, struct pk_space *s)
{
    switch (v->mac >> 24) {
    case 0x000569: /* ESX: the low 16 bits of the console's IPv4 address are in it */
        return is(s, 0x1p24, "that it is VMware ESX");
    case 0x005056: /* 00-3F by hand, 80-BF by vCenter */
        return is(s, 0x1p22, "that it is VMware, and whether by hand or by vCenter");
    default:
        return v->has_ipv4 ? is(s, 0x1p16, "the maker, and the first half of its IPv4 network")
                           : is(s, 0x1p24, "the maker");
    }
}

/* A private network is known to be one; else somebody knows the /24. Both spellings are tried. */
static bool of_ipv4(uint32_t a, struct pk_space *s)
{
    if (a >> 24 == 10)
        return is(s, 2 * 0x1p24, "that it is of 10.0.0.0/8");
    if (a >> 20 == 0xac1)
        return is(s, 2 * 0x1p20, "that it is of 172.16.0.0/12");
    if (a >> 16 == 0xc0a8)
        return is(s, 2 * 0x1p16, "that it is of 192.168.0.0/16");
    return is(s, 2 * 0x1p8, "the /24 of its IPv4 address");
}

bool pk_space_of(const struct pk_verdict *v, const struct pk_vendors *vendors, struct pk_space *ret)
{
    switch (v->iid) {
    case PK_IID_EUI64:
        return of_block(v, vendors, ret);
    case PK_IID_EUI64_VIRTUAL:
        return of_machine(v, ret);
    case PK_IID_EUI64_LOCAL:
        return is(ret, 0x1p46, "that it is EUI-64 of a local MAC");
    case PK_IID_ISATAP:
    case PK_IID_IPV4:
    case PK_IID_IPV4_WORDS:
    case PK_IID_IPV4_HIGH:
        return of_ipv4(v->ipv4, ret);
    case PK_IID_TEREDO:
        return is(ret, 0x1p17, "its IPv4 address: ports and two flags are left");
    case PK_IID_PORT:
    case PK_IID_PORT_HIGH:
        return is(ret, PORTS / 2 * 0x1p11, "that it is a port");
    case PK_IID_LOW_BYTE:
        return is(ret, v->certainty == PK_WEAK ? 0x1p24 : 0x1p16, "that it counts");
    case PK_IID_WORDY:
        return is(ret, WORDS_TRIED, "a dictionary");
    case PK_IID_PATTERN:
    case PK_IID_RANDOM:
    case PK_IID_EUI64_GROUP:
        return is(ret, 0x1p64, "nothing");
    default:
        return false;
    }
}

void pk_space_text(double addresses, struct pk_buf *out)
{
    double bits = log2(addresses);

    if (bits == floor(bits))
        pk_buf_fmt(out, "2^%.0f", bits);
    else
        pk_buf_fmt(out, "2^%.1f", bits);
}

void pk_space_time(double addresses, double rate, struct pk_buf *out)
{
    static const struct {
        double seconds;
        const char *name;
    } units[] = {{1, "s"}, {60, "min"}, {3600, "h"}, {86400, "days"}, {365.25 * 86400, "years"}};
    double t = addresses / rate;
    size_t i = PK_ARRAY_SIZE(units) - 1;

    while (i && t < 2 * units[i].seconds)
        i--;
    t /= units[i].seconds;
    if (t >= 1e6)
        pk_buf_fmt(out, t < 1e7 ? "%.1f million %s" : "%.0f million %s", t / 1e6, units[i].name);
    else if (t >= 1)
        pk_buf_fmt(out, "%.0f %s", t, units[i].name);
    else
        pk_buf_str(out, "under 1 s");
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/iid_make.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "sensors/address/address.h"
#include "sensors/address/codes.h"
#include "sensors/address/iid_opaque.h"
#include "sensors/address/text.h"

#define SECRET_FILE_MAX 4096u

static const char make_one[] = "make one: (umask 077; od -An -tx1 -N32 /dev/urandom > FILE)";

/* What others can read is no secret; but the addresses made of it may be in use already. */
static void look_at_mode(const char *path, struct pk_diags *d)
{
    struct stat st;

    if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & (S_IRWXG | S_IRWXO))
        pk_warn(d, PK_D_IID_SECRET, ((struct pk_place){.file = path}), "chmod 600",
                "others than its owner may read this secret");
}

static int read_secret(const struct pk_iid_ask *a, struct pk_iid_secret *ret, struct pk_diags *d)
{
    struct pk_place at = {.file = a->secret_file};
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(SECRET_FILE_MAX);
    int r = pk_file_read(a->secret_file, SECRET_FILE_MAX, &text);

    if (r) {
        pk_error(d, PK_D_IID_SECRET, at, make_one, "cannot read it: %s", strerror(-r));
        return r;
    }
    look_at_mode(a->secret_file, d);
    r = pk_iid_secret_parse(text.data ? text.data : "", text.len, ret);
    if (text.data)
        explicit_bzero(text.data, text.len);
    if (!r && a->linux_way && ret->len != PK_IID_SECRET_MIN)
        r = -ERANGE;
    if (r == -ERANGE)
        pk_error(d, PK_D_IID_SECRET, at, make_one, "a secret of %s%u bytes is needed",
                 a->linux_way ? "" : "at least ", PK_IID_SECRET_MIN);
    else if (r)
        pk_error(d, PK_D_IID_SECRET, at, make_one,
                 "neither hexadecimal digits nor an IPv6 address, as stable_secret has it");
    return r;
}

static int read_prefix(const char *word, struct pk_u128 *ret, struct pk_diags *d)
{
    struct pk_address_found f;
    bool good = !pk_address_parse(word, &f) && !f.address.lo && (f.bits == 64 || f.bits == 128);

    if (!good) {
        pk_error(d, PK_D_IID_PREFIX, PK_NOWHERE, "as 2001:db8:1:2::/64",
                 "%s: no prefix of 64 bits, and the identifier has the other 64", word);
        return -EINVAL;
    }
    *ret = f.address;
    return 0;
}

static int make(const struct pk_iid_ask *a, const struct pk_iid_secret *secret,
                struct pk_u128 *address, unsigned *counter)
{
    struct pk_iid_names names = {.interface = a->interface, .network = a->network};
    uint8_t hwaddr[PK_IID_HWADDR_MAX];
    uint64_t iid;
    int r;

    if (a->linux_way)
        r = pk_iid_hwaddr(a->interface, hwaddr)
                ?: pk_iid_linux(address->hi, hwaddr, secret->bytes, counter, &iid);
    else
        r = pk_iid_opaque(address->hi, &names, secret, counter, &iid);
    if (!r)
        address->lo = iid;
    return r;
}

static int one(struct pk_cli *c, const struct pk_iid_ask *a, const struct pk_iid_secret *secret,
               const char *prefix)
{
    unsigned counter = a->counter;
    struct pk_u128 address;
    char text[46];
    int r = read_prefix(prefix, &address, &c->d);

    if (r)
        return r;
    r = make(a, secret, &address, &counter);
    if (r == -EINVAL)
        pk_error(&c->d, PK_D_IID_PREFIX, PK_NOWHERE,
                 "as 00:1b:38:12:34:56; a virtual device has 00:00:00:00:00:00",
                 "%s: no permanent hardware address", a->interface);
    else if (r)
        pk_error(&c->d, PK_D_IID_PREFIX, PK_NOWHERE, "take another secret",
                 "%s: every identifier up to counter 255 is reserved", prefix);
    if (r)
        return r;
    if (c->json)
        json_array_append_new(json_object_get(c->obj, "made"),
                              json_pack("{s:s,s:i}", "address", pk_address_text(address, text),
                                        "counter", (int)counter));
    else
        printf("%s\n", pk_address_text(address, text));
    return 0;
}

int pk_iid_make(struct pk_cli *c, const struct pk_iid_ask *a)
{
    struct pk_iid_secret secret;
    int r;

    if (!a->n || !a->interface || !a->secret_file)
        return pk_cli_missing(c, a->n ? a->interface ? "--secret-file FILE" : "--interface-id ID"
                                      : "PREFIX");
    if (a->linux_way && a->network) {
        fprintf(stderr, "picket address: --network-id: Linux knows no networks: not with "
                        "--kernel\n");
        return PK_EXIT_USAGE;
    }
    json_object_set_new(c->obj, "made", json_array());
    r = read_secret(a, &secret, &c->d);
    for (size_t i = 0; !r && i < a->n; i++)
        r = one(c, a, &secret, a->prefixes[i]);
    explicit_bzero(&secret, sizeof(secret));
    return pk_cli_end(c, r ? PK_EXIT_USAGE : PK_EXIT_DONE);
}

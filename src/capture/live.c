// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets from an interface, by libpcap. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "base/macro.h"
#include "capture/codes.h"
#include "capture/internal.h"
#include "capture/library.h"

#define SNAP 65535
#define WAIT_MS 200 /* for a packet */
#define NOBODY 65534

/* Those that are called. */
#define FUNCTIONS(X)                                                                               \
    X(pcap_create)                                                                                 \
    X(pcap_set_snaplen)                                                                            \
    X(pcap_set_promisc)                                                                            \
    X(pcap_set_immediate_mode)                                                                     \
    X(pcap_set_tstamp_precision)                                                                   \
    X(pcap_activate)                                                                               \
    X(pcap_geterr)                                                                                 \
    X(pcap_statustostr)                                                                            \
    X(pcap_setnonblock)                                                                            \
    X(pcap_get_selectable_fd)                                                                      \
    X(pcap_next_ex)                                                                                \
    X(pcap_datalink)                                                                               \
    X(pcap_get_tstamp_precision)                                                                   \
    X(pcap_stats)                                                                                  \
    X(pcap_close)
#define POINTER(f) __typeof__(f) *f;
#define SYMBOL(f) {#f, offsetof(struct library, f)},

static struct library {
    FUNCTIONS(POINTER)
} lib;

static const struct pk_symbol symbols[] = {FUNCTIONS(SYMBOL)};

struct pk_wire {
    pcap_t *pcap;
    const volatile sig_atomic_t *stop;
};

/*
 * For good. Where the namespace of users has no `nobody`, root stays the user but can do no more
 * than any other, for it keeps no capability.
 */
static int drop_privileges(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {0};

    if (!geteuid()) {
        if (setgroups(0, NULL) && errno != EPERM) /* EPERM: the namespace denies it to all */
            return -errno;
        if (setresgid(NOBODY, NOBODY, NOBODY) && errno != EINVAL)
            return -errno;
        if (setresuid(NOBODY, NOBODY, NOBODY) && errno != EINVAL)
            return -errno;
    }
    return syscall(SYS_capset, &head, none) ? -errno : 0;
}

static int live_next(struct pk_capture *c, struct pk_capture_packet *ret)
{
    struct pk_wire *wire = c->wire;
    struct pollfd fd = {.fd = lib.pcap_get_selectable_fd(wire->pcap), .events = POLLIN};
    struct pcap_pkthdr *head;
    const uint8_t *data;

    for (bool waited = false; !*wire->stop; waited = true) {
        int r = lib.pcap_next_ex(wire->pcap, &head, &data);

        if (r < 0)
            return pk_capture_fails(c, -EIO, "%s", lib.pcap_geterr(wire->pcap));
        if (r) {
            *ret = (struct pk_capture_packet){
                .when =
                    head->ts.tv_sec * PK_NS_PER_S + head->ts.tv_usec * (c->nanoseconds ? 1 : 1000),
                .link = c->link,
                .data = data,
                .len = head->caplen,
                .wire_len = PK_MAX(head->len, head->caplen),
            };
            return 1;
        }
        if (waited)
            return -EAGAIN;
        if (poll(&fd, 1, WAIT_MS) < 0 && errno != EINTR)
            return pk_capture_fails(c, -errno, "poll failed");
    }
    return 0;
}

static int begin(pcap_t *p, char *why, size_t size)
{
    int r;

    lib.pcap_set_snaplen(p, SNAP);
    lib.pcap_set_promisc(p, 1);
    lib.pcap_set_immediate_mode(p, 1);
    lib.pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
    r = lib.pcap_activate(p);
    if (r < 0)
        snprintf(why, size, "%s",
                 *lib.pcap_geterr(p) ? lib.pcap_geterr(p) : lib.pcap_statustostr(r));
    if (r == PCAP_ERROR_PERM_DENIED || r == PCAP_ERROR_PROMISC_PERM_DENIED)
        return -EPERM;
    if (r == PCAP_ERROR_NO_SUCH_DEVICE)
        return -ENODEV;
    if (r < 0)
        return -EIO;
    return lib.pcap_setnonblock(p, 1, why) ? -EIO : 0;
}

/* DLT_ of this system to LINKTYPE_ of files: they differ for raw IP alone among those known here.
 */
static uint32_t link_type(pcap_t *p)
{
    int dlt = lib.pcap_datalink(p);

    return dlt == DLT_RAW ? 101 : (uint32_t)dlt;
}

static int open_live(struct pk_capture *c, const char *interface, struct pk_diags *d)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    int r = pk_library_load("libpcap.so.0.8", symbols, PK_ARRAY_SIZE(symbols), &lib);

    if (r) {
        pk_error(d, PK_D_CAPTURE_LIVE, PK_NOWHERE, "install libpcap0.8",
                 "%s: cannot be watched: libpcap is not there", interface);
        return r;
    }
    c->wire->pcap = lib.pcap_create(interface, why);
    r = c->wire->pcap ? begin(c->wire->pcap, why, sizeof(why)) : -EIO;
    if (r) {
        pk_error(d, PK_D_CAPTURE_LIVE, PK_NOWHERE, r == -EPERM ? "run it as root" : NULL,
                 "%s: cannot be watched: %s", interface, why);
        return r;
    }
    c->link = link_type(c->wire->pcap);
    c->nanoseconds = lib.pcap_get_tstamp_precision(c->wire->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    r = drop_privileges();
    if (r)
        pk_error(d, PK_D_CAPTURE_PRIVILEGE, PK_NOWHERE, NULL, "privileges cannot be given up: %s",
                 strerror(-r));
    return r;
}

int pk_capture_live(const char *interface, const volatile sig_atomic_t *stop, struct pk_diags *d,
                    struct pk_capture **ret)
{
    _pk_capture_ struct pk_capture *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    c->wire = calloc(1, sizeof(*c->wire));
    if (!c->wire)
        return -ENOMEM;
    c->wire->stop = stop;
    c->next = live_next;
    r = open_live(c, interface, d);
    if (!r)
        *ret = PK_TAKE_PTR(c);
    return r;
}

uint64_t pk_wire_lost(const struct pk_wire *wire)
{
    struct pcap_stat s;

    return lib.pcap_stats(wire->pcap, &s) ? 0 : (uint64_t)s.ps_drop + s.ps_ifdrop;
}

void pk_wire_free(struct pk_wire **wire)
{
    if (!*wire)
        return;
    if ((*wire)->pcap)
        lib.pcap_close((*wire)->pcap);
    free(*wire);
    *wire = NULL;
}

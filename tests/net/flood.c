// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood syn|udp DEV FROM TO ADDRESS PORT FIRST COUNT: packets of made-up sources, as fast as they
 * go.
 *
 * FROM and TO are MAC addresses, ADDRESS is IPv4. Packet i, of FIRST to FIRST + COUNT - 1, comes
 * from 10.64.0.0/10 + i, each from another port. Prints how many were sent, and the nanoseconds it
 * took.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64u
#define SOURCES 0x0a400000u /* 10.64.0.0/10 */
#define N_SOURCES 0x400000u

struct frame {
    struct ether_header eth;
    struct iphdr ip;
    union {
        struct tcphdr tcp;
        struct udphdr udp;
    };
} __attribute__((packed));

/* RFC 1071, of an even number of bytes. */
static uint32_t sum(const void *data, size_t len, uint32_t s)
{
    const uint8_t *b = data;

    for (size_t i = 0; i < len; i += 2)
        s += (uint32_t)b[i] << 8 | b[i + 1];
    return s;
}

static uint16_t folded(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return htons((uint16_t)~s);
}

static size_t make(struct frame *f, const struct frame *model, uint32_t i)
{
    uint16_t sport = htons((uint16_t)(1024 + i % 60000)), len;

    *f = *model;
    f->ip.saddr = htonl(SOURCES + i % N_SOURCES);
    len = (uint16_t)(ntohs(f->ip.tot_len) - sizeof(f->ip));
    f->ip.check = folded(sum(&f->ip, sizeof(f->ip), 0));
    if (f->ip.protocol == IPPROTO_TCP) {
        f->tcp.source = sport;
        f->tcp.seq = htonl(i * 2654435761u);
        f->tcp.check = folded(sum(&f->ip.saddr, 8, sum(&f->tcp, len, IPPROTO_TCP + len)));
    } else {
        f->udp.source = sport; /* and no checksum, which IPv4 allows */
    }
    return sizeof(f->eth) + sizeof(f->ip) + len;
}

/* What all packets have in common. */
static bool model(struct frame *f, char **arg)
{
    const struct ether_addr *mac;
    bool tcp = !strcmp(arg[1], "syn");
    uint16_t port = htons((uint16_t)strtoul(arg[6], NULL, 10));
    size_t len = tcp ? sizeof(f->tcp) : sizeof(f->udp);

    *f = (struct frame){.eth.ether_type = htons(ETHERTYPE_IP),
                        .ip = {.version = 4,
                               .ihl = 5,
                               .ttl = 64,
                               .protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP,
                               .tot_len = htons((uint16_t)(sizeof(f->ip) + len))}};
    for (int end = 0; end < 2; end++) {
        mac = ether_aton(arg[3 + end]);
        if (!mac)
            return false;
        memcpy(end ? f->eth.ether_dhost : f->eth.ether_shost, mac, sizeof(*mac));
    }
    if (tcp)
        f->tcp = (struct tcphdr){.dest = port, .doff = 5, .syn = 1, .window = htons(8192)};
    else
        f->udp = (struct udphdr){.dest = port, .len = htons((uint16_t)len)};
    return (tcp || !strcmp(arg[1], "udp")) && inet_pton(AF_INET, arg[5], &f->ip.daddr) == 1;
}

static int wire(const char *dev)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(dev)};
    int one = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)))
        return -1;
    return fd;
}

/* Packets sent: a full queue of the wire drops one, which is none sent. */
static uint32_t flood(int fd, const struct frame *m, uint32_t first, uint32_t count)
{
    struct mmsghdr messages[BATCH] = {0};
    struct frame frames[BATCH];
    struct iovec parts[BATCH];
    uint32_t sent = 0, i, n;
    int r;

    for (uint32_t at = 0; at < count; at += n) {
        n = count - at < BATCH ? count - at : BATCH;
        for (i = 0; i < n; i++) {
            parts[i] = (struct iovec){&frames[i], make(&frames[i], m, first + at + i)};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        }
        for (i = 0; i<n; i += r> 0 ? (uint32_t)r : 1) {
            r = sendmmsg(fd, messages + i, n - i, 0);
            if (r < 0 && errno != ENOBUFS && errno != EINTR)
                return sent;
            sent += r > 0 ? (uint32_t)r : 0;
        }
    }
    return sent;
}

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct frame m;
    uint64_t start;
    uint32_t sent;
    int fd;

    if (argc != 9 || !model(&m, argv)) {
        fprintf(stderr, "usage: flood syn|udp DEV FROM TO ADDRESS PORT FIRST COUNT\n");
        return 2;
    }
    fd = wire(argv[2]);
    if (fd < 0) {
        perror(argv[2]);
        return 1;
    }
    start = now();
    sent =
        flood(fd, &m, (uint32_t)strtoul(argv[7], NULL, 10), (uint32_t)strtoul(argv[8], NULL, 10));
    printf("%u %llu\n", sent, (unsigned long long)(now() - start));
    close(fd);
    return 0;
}

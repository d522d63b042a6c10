// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The matches one by one: their text in and out as iptables 1.8.9 has it, and their answers for
 * each layer-4 status. test_leaves.c has what rules with them compile to.
 */
#include "match_fixture.h"

/* ---- text in, text out ---- */

struct golden {
    enum pk_family family;
    int proto;
    const char *in;
    const char *out; /* NULL: refused; "=": as `in` */
};

#define FIFTEEN "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"

/* Each line was tried with iptables-legacy and ip6tables-legacy 1.8.9, but for those marked (*). */
static const struct golden goldens[] = {
    {PK_IPV4, 6, "-m tcp", "="},
    {PK_IPV4, 6, "-m tcp --dport 80", "="},
    {PK_IPV4, 6, "-m tcp --dport 80:90", "="},
    {PK_IPV4, 6, "-m tcp --destination-port :90", "-m tcp --dport 0:90"},
    {PK_IPV4, 6, "-m tcp --dport 90:", "-m tcp --dport 90:65535"},
    {PK_IPV4, 6, "-m tcp --dport :", "-m tcp"},
    {PK_IPV4, 6, "-m tcp --dport 0:65535", "-m tcp"},
    {PK_IPV4, 6, "-m tcp ! --dport 0:65535", NULL}, /* (*) 1.8.9 prints "-m tcp" */
    {PK_IPV4, 6, "-m tcp --dport 90:80", NULL},
    {PK_IPV4, 6, "-m tcp --dport 80:80", "-m tcp --dport 80"},
    {PK_IPV4, 6, "-m tcp --dport 0x50", "-m tcp --dport 80"},
    {PK_IPV4, 6, "-m tcp --dport 010", "-m tcp --dport 8"},
    {PK_IPV4, 6, "-m tcp --dport \" +80\"", "-m tcp --dport 80"},
    {PK_IPV4, 6, "-m tcp --dport 80,81", NULL},
    {PK_IPV4, 6, "-m tcp --dport 65536", NULL},
    {PK_IPV4, 6, "-m tcp --dport -1", NULL},
    {PK_IPV4, 6, "-m tcp --dport \"\"", NULL},
    {PK_IPV4, 6, "-m tcp --dport no-such-service", NULL},
    {PK_IPV4, 6, "-m tcp --sport 1 --dport 2 --syn",
     "-m tcp --sport 1 --dport 2 --tcp-flags FIN,SYN,RST,ACK SYN"},
    {PK_IPV4, 6, "-m tcp --syn --tcp-option 5 --dport 5 --source-port 6",
     "-m tcp --sport 6 --dport 5 --tcp-option 5 --tcp-flags FIN,SYN,RST,ACK SYN"},
    {PK_IPV4, 6, "-m tcp ! --syn", "-m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN"},
    {PK_IPV4, 6, "-m tcp --tcp-flags ALL SYN", "-m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG SYN"},
    {PK_IPV4, 6, "-m tcp --tcp-flags ALL NONE", "-m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"},
    {PK_IPV4, 6, "-m tcp --tcp-flags NONE NONE", "-m tcp"},
    {PK_IPV4, 6, "-m tcp ! --tcp-flags NONE NONE", "="},
    {PK_IPV4, 6, "-m tcp --tcp-flags NONE SYN", NULL}, /* (*) 1.8.9 prints "-m tcp" */
    {PK_IPV4, 6, "-m tcp ! --tcp-flags NONE SYN", "="},
    {PK_IPV4, 6, "-m tcp --tcp-flags syn,ack SYN", "-m tcp --tcp-flags SYN,ACK SYN"},
    {PK_IPV4, 6, "-m tcp --tcp-flags SYN,FIN,ACK SYN,,FIN",
     "-m tcp --tcp-flags FIN,SYN,ACK FIN,SYN"},
    {PK_IPV4, 6, "-m tcp --tcp-flags SYN SYN,ACK", "="},
    {PK_IPV4, 6, "-m tcp --tcp-flags \"SYN ACK\" SYN", NULL},
    {PK_IPV4, 6, "-m tcp --tcp-flags SY SYN", NULL},
    {PK_IPV4, 6, "-m tcp --tcp-flags SYNX SYN", NULL},
    {PK_IPV4, 6, "-m tcp --syn --tcp-flags SYN SYN", NULL},
    {PK_IPV4, 6, "-m tcp --tcp-option 5", "="},
    {PK_IPV4, 6, "-m tcp ! --tcp-option 255", "="},
    {PK_IPV4, 6, "-m tcp --tcp-option 0", NULL},
    {PK_IPV4, 6, "-m tcp --tcp-option 256", NULL},
    {PK_IPV4, 6, "-m tcp ! --sport 5 ! --dport 7:8", "="},
    {PK_IPV4, -6, "-m tcp --dport 80", NULL},
    {PK_IPV4, 0, "-m tcp --dport 80", NULL},
    {PK_IPV4, 17, "-m tcp", NULL},
    {PK_IPV6, 6, "-m tcp --dport 80", "="},
    {PK_IPV4, 17, "-m udp", "="},
    {PK_IPV4, 17, "-m udp --sport 53", "="},
    {PK_IPV4, 17, "-m udp ! --dport 0:65535", NULL}, /* (*) 1.8.9 prints "-m udp" */
    {PK_IPV4, 17, "-m udp --dport 90:80", "="},
    {PK_IPV4, 17, "-m udp --sport :", "-m udp"},
    {PK_IPV4, 0, "-m udp", NULL},
    {PK_IPV4, 132, "-m sctp", "="},
    {PK_IPV4, 132, "-m sctp --sport 1:2 ! --dport 3", "="},
    {PK_IPV4, 132, "-m sctp --sport :", "-m sctp --sport 0:65535"},
    {PK_IPV4, 132, "-m sctp ! --sport 0:65535", "="},
    {PK_IPV4, 132, "-m sctp --sport 5:1", NULL},
    {PK_IPV4, 132, "-m sctp --chunk-types all DATA", NULL}, /* (*) not supported */
    {PK_IPV4, 0, "-m sctp", NULL},
    {PK_IPV4, 33, "-m dccp", "="},
    {PK_IPV4, 33, "-m dccp --sport 1:2 ! --dport 3", "="},
    {PK_IPV4, 33, "-m dccp --sport :", "-m dccp --sport 0:65535"},
    {PK_IPV4, 33, "-m dccp --sport 5:1", "="},
    {PK_IPV4, 33, "-m dccp --dccp-types REQUEST", NULL}, /* (*) not supported */
    {PK_IPV4, 33, "-m dccp --dccp-option 3", NULL},      /* (*) not supported */
    {PK_IPV4, 6, "-m multiport --dports 80", "="},
    {PK_IPV4, 6, "-m multiport --destination-ports 80,443,1000:2000",
     "-m multiport --dports 80,443,1000:2000"},
    {PK_IPV4, 6, "-m multiport ! --source-ports 80,443", "-m multiport ! --sports 80,443"},
    {PK_IPV4, 136, "-m multiport --ports 1,2", "="},
    {PK_IPV4, 132, "-m multiport ! --ports 1,2", "="},
    {PK_IPV6, 33, "-m multiport --ports 1:2", "="},
    {PK_IPV4, 6, "-m multiport --ports 1 --sports 2", NULL},
    {PK_IPV4, 6, "-m multiport --dports 1 --dports 2", NULL},
    {PK_IPV4, 6, "-m multiport --dports 80:80", NULL},
    {PK_IPV4, 6, "-m multiport --dports 81:80", NULL},
    {PK_IPV4, 6, "-m multiport --dports :80", NULL},
    {PK_IPV4, 6, "-m multiport --dports 80:", NULL},
    {PK_IPV4, 6, "-m multiport --dports 1,,2", NULL},
    {PK_IPV4, 6, "-m multiport --dports 1,2,", NULL},
    {PK_IPV4, 6, "-m multiport --dports \"\"", NULL},
    {PK_IPV4, 6, "-m multiport --dports " FIFTEEN, "="},
    {PK_IPV4, 6, "-m multiport --dports " FIFTEEN ",16", NULL},
    {PK_IPV4, 6, "-m multiport --dports " FIFTEEN ":16", NULL},
    {PK_IPV4, 6, "-m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15", "="},
    {PK_IPV4, 6, "-m multiport", NULL},
    {PK_IPV4, 0, "-m multiport --dports 80", NULL},
    {PK_IPV4, -6, "-m multiport --dports 80", NULL},
    {PK_IPV4, 1, "-m multiport --dports 80", NULL},
    {PK_IPV4, 6, "-m multiport --dports 80 -m multiport --sports 90", "="},
    {PK_IPV4, 1, "-m icmp", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 8", "="},
    {PK_IPV4, 1, "-m icmp --icmp-type 255/1:2", "-m icmp --icmp-type any"},
    {PK_IPV4, 1, "-m icmp --icmp-type 255/3", "-m icmp --icmp-type any"},
    {PK_IPV4, 1, "-m icmp ! --icmp-type ANY", "-m icmp ! --icmp-type any"},
    {PK_IPV4, 1, "-m icmp --icmp-type host-unr", "-m icmp --icmp-type 3/1"},
    {PK_IPV4, 1, "-m icmp --icmp-type host", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type \"\"", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 256", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 3/256", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 3/", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 5/:3", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 5/1:", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 5/1x", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type any/3", NULL},
    {PK_IPV4, 1, "-m icmp --icmp-type 0x8/0x0", "-m icmp --icmp-type 8/0"},
    {PK_IPV4, 1, "-m icmp --icmp-type 5/0:255", "-m icmp --icmp-type 5"},
    {PK_IPV4, 1, "-m icmp --icmp-type 5/1:1", "-m icmp --icmp-type 5/1"},
    {PK_IPV4, 1, "-m icmp --icmp-type 5/1:2", NULL}, /* (*) 1.8.9 prints "5/1" */
    {PK_IPV4, 1, "-m icmp --icmp-type 8 -m icmp --icmp-type 0", "="},
    {PK_IPV4, 0, "-m icmp --icmp-type 8", NULL},
    {PK_IPV6, 58, "-m icmp6", NULL},
    {PK_IPV6, 58, "-m icmpv6 --icmpv6-type 128", "-m icmp6 --icmpv6-type 128"},
    {PK_IPV6, 58, "-m ipv6-icmp --icmpv6-type no-route", "-m icmp6 --icmpv6-type 1/0"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type neighbor-sol", "-m icmp6 --icmpv6-type 135"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type neighbor", NULL},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type any", NULL},
    {PK_IPV6, 58, "-m icmp6 ! --icmpv6-type 255", "="},
    {PK_IPV6, 1, "-m icmp6 --icmpv6-type 128", NULL},
    {PK_IPV4, 0, "-m iprange --src-range 10.0.0.1-10.0.0.5", "="},
    {PK_IPV4, 0, "-m iprange --src-range 10.0.0.1", "-m iprange --src-range 10.0.0.1-10.0.0.1"},
    {PK_IPV4, 0, "-m iprange --src-range 10.0.0.5-10.0.0.1", "="},
    {PK_IPV4, 0, "-m iprange ! --dst-range 10.1-10.2 --src-range 1.1.1.010-2.2.2.2",
     "-m iprange --src-range 1.1.1.8-2.2.2.2 ! --dst-range 10.1.0.0-10.2.0.0"},
    {PK_IPV4, 0, "-m iprange --src-range localhost-10.0.0.20", NULL},
    {PK_IPV4, 0, "-m iprange --src-range 10.0.0.0/8", NULL},
    {PK_IPV4, 0, "-m iprange --src-range 10.0.0.1-", NULL},
    {PK_IPV4, 0, "-m iprange --src-range -10.0.0.1", NULL},
    {PK_IPV4, 0, "-m iprange --src-range 1.2.3.4.5", NULL},
    {PK_IPV4, 0, "-m iprange --src-range ::1-::2", NULL},
    {PK_IPV4, 0, "-m iprange", NULL},
    {PK_IPV6, 0, "-m iprange --src-range ::5-::1", "="},
    {PK_IPV6, 0, "-m iprange --src-range 2001:DB8::0:1-::ffff:1.2.3.9",
     "-m iprange --src-range 2001:db8::1-::ffff:1.2.3.9"},
    {PK_IPV6, 0, "-m iprange --src-range 10.0.0.1-10.0.0.2", NULL},
    {PK_IPV6, 0, "-m frag", "="},
    {PK_IPV6, 0, "-m frag --fragid 5", "="},
    {PK_IPV6, 0, "-m frag ! --fragid 5:9", "="},
    {PK_IPV6, 0, "-m frag --fragid 9:5", "="},
    {PK_IPV6, 0, "-m frag --fragid 5:", "-m frag --fragid 5:4294967295"},
    {PK_IPV6, 0, "-m frag --fragid :5", "-m frag --fragid 0:5"},
    {PK_IPV6, 0, "-m frag --fragid :", "-m frag"},
    {PK_IPV6, 0, "-m frag ! --fragid 0:4294967295", NULL}, /* (*) 1.8.9 prints "-m frag" */
    {PK_IPV6, 0, "-m frag --fragid 0x10", "-m frag --fragid 16"},
    {PK_IPV6, 0, "-m frag --fragid 4294967296", NULL},
    {PK_IPV6, 0, "-m frag --fragid 5:5", "-m frag --fragid 5"},
    {PK_IPV6, 0, "-m frag --fragid 1,2", NULL},
    {PK_IPV6, 0, "-m frag --fraglen 8", "="},
    {PK_IPV6, 0, "-m frag ! --fraglen 9", "="},
    {PK_IPV6, 0, "-m frag --fragres --fragfirst --fragmore", "="},
    {PK_IPV6, 0, "-m frag --fragmore --fraglast", NULL},
    {PK_IPV6, 0, "-m frag --fraglast --fragid 0", "-m frag --fragid 0 --fraglast"},
    {PK_IPV6, 0, "-m rt", "="},
    {PK_IPV6, 0, "-m rt --rt-type 0", "="},
    {PK_IPV6, 0, "-m rt ! --rt-type 2 --rt-segsleft 1:3 ! --rt-len 24", "="},
    {PK_IPV6, 0, "-m rt --rt-type 256", "="},
    {PK_IPV6, 0, "-m rt --rt-type 0x4", "-m rt --rt-type 4"},
    {PK_IPV6, 0, "-m rt ! --rt-segsleft 0:4294967295", NULL}, /* (*) 1.8.9 prints "-m rt" */
    {PK_IPV6, 0, "-m rt ! --rt-segsleft 3", "="},
    {PK_IPV6, 0, "-m rt --rt-segsleft :", "-m rt"},
    {PK_IPV6, 0, "-m rt --rt-segsleft 4:2", "="},
    {PK_IPV6, 0, "-m rt --rt-segsleft 300", "="},
    {PK_IPV6, 0, "-m rt --rt-len 0", "="},
    {PK_IPV6, 0, "-m rt --rt-len 16:24", NULL},
    {PK_IPV6, 0, "-m rt --rt-type 0 --rt-0-res", "="},
    {PK_IPV6, 0, "-m rt --rt-0-res", NULL},
    {PK_IPV6, 0, "-m rt --rt-type 2 --rt-0-res", NULL},
    {PK_IPV6, 0, "-m rt ! --rt-type 0 --rt-0-res", NULL},
    {PK_IPV6, 0, "-m rt --rt-type 0 --rt-0-addrs ::1,fe80::1", "="},
    {PK_IPV6, 0, "-m rt --rt-0-addrs ::1 --rt-type 0 --rt-0-not-strict", NULL},
    {PK_IPV6, 0, "-m rt --rt-0-not-strict --rt-type 0 --rt-0-addrs ::1", NULL},
    {PK_IPV6, 0, "-m rt --rt-type 0 --rt-0-not-strict", NULL},
    {PK_IPV6, 0, "-m rt --rt-type 0 --rt-0-addrs ::1,", NULL},
    {PK_IPV6, 0, "-m rt --rt-type 0 --rt-0-addrs ,::1", NULL},
    {PK_IPV6, 0, "-m rt --rt-type 0 --rt-0-addrs 1.2.3.4", NULL},
    {PK_IPV6, 0,
     "-m rt --rt-type 0 --rt-0-addrs "
     "::1,::2,::3,::4,::5,::6,::7,::8,::9,::a,::b,::c,::d,::e,::f,::10",
     "="},
    {PK_IPV6, 0,
     "-m rt --rt-type 0 --rt-0-addrs "
     "::1,::2,::3,::4,::5,::6,::7,::8,::9,::a,::b,::c,::d,::e,::f,::10,::11",
     NULL},
    {PK_IPV6, 0, "-m rt --rt-type 0 --rt-0-addrs \"\"", NULL},
    {PK_IPV6, 0, "-m hbh", "="},
    {PK_IPV6, 0, "-m hbh --hbh-len 8", "="},
    {PK_IPV6, 0, "-m hbh ! --hbh-len 8 --hbh-opts 1:4,5:2,0", "="},
    {PK_IPV6, 0, "-m hbh --hbh-opts 1", "="},
    {PK_IPV6, 0, "-m hbh --hbh-opts 5:", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-opts 256", NULL}, /* (*) 1.8.9 prints 0 */
    {PK_IPV6, 0, "-m hbh --hbh-opts 5:255", "-m hbh --hbh-opts 5"},
    {PK_IPV6, 0, "-m hbh --hbh-opts 5:256", NULL}, /* (*) 1.8.9 prints 5:0 */
    {PK_IPV6, 0, "-m hbh --hbh-opts 0:3", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-opts 0x1e:4", "-m hbh --hbh-opts 30:4"},
    {PK_IPV6, 0, "-m hbh --hbh-opts 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "="},
    {PK_IPV6, 0, "-m hbh --hbh-opts 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-opts \"\"", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-opts 1,", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-opts ,1", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-opts 1,,2", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-opts 1:2:3", NULL},
    {PK_IPV6, 0, "-m hbh --hbh-len 0", "="},
    {PK_IPV6, 0, "-m hbh --hbh-len 4294967296", NULL},
    {PK_IPV6, 0, "-m dst", "="},
    {PK_IPV6, 0, "-m dst --dst-len 8 --dst-opts 1:4", "="},
    {PK_IPV6, 0, "-m dst ! --dst-len 8", "="},
    {PK_IPV6, 0, "-m ah", "="},
    {PK_IPV6, 0, "-m ah --ahspi 5", "="},
    {PK_IPV6, 0, "-m ah ! --ahspi 5:7 ! --ahlen 12 --ahres", "="},
    {PK_IPV6, 0, "-m ah --ahspi 0:4294967295", "-m ah"},
    {PK_IPV6, 0, "-m ah ! --ahspi 0:4294967295", NULL}, /* (*) 1.8.9 prints "-m ah" */
    {PK_IPV6, 0, "-m ah --ahspi 7:5", "="},
    {PK_IPV6, 0, "-m ah --ahlen 0", "-m ah"},
    {PK_IPV6, 0, "-m ah ! --ahlen 0", "="},
    {PK_IPV6, 0, "-m ah --ahspi 0x100:", "-m ah --ahspi 256:4294967295"},
    {PK_IPV6, 51, "-m ah --ahspi 1", "="},
    {PK_IPV4, 51, "-m ah", "="},
    {PK_IPV4, 51, "-m ah --ahspi 5", "="},
    {PK_IPV4, 51, "-m ah ! --ahspi 5:7", "="},
    {PK_IPV4, 51, "-m ah ! --ahspi 0:4294967295", NULL}, /* (*) 1.8.9 prints "-m ah" */
    {PK_IPV4, 51, "-m ah --ahspi 0:", "-m ah"},
    {PK_IPV4, 0, "-m ah --ahspi 5", NULL},
    {PK_IPV4, -51, "-m ah --ahspi 5", NULL},
    {PK_IPV4, 50, "-m esp", "="},
    {PK_IPV4, 50, "-m esp --espspi 5", "="},
    {PK_IPV6, 50, "-m esp ! --espspi 5:0xff", "-m esp ! --espspi 5:255"},
    {PK_IPV6, 50, "-m esp ! --espspi 0:4294967295", NULL}, /* (*) 1.8.9 prints "-m esp" */
    {PK_IPV6, 0, "-m esp --espspi 5", NULL},
    {PK_IPV4, 50, "-m esp --espspi 9:4", "="},
    {PK_IPV6, 135, "-m mh", "="},
    {PK_IPV6, 135, "-m mh --mh-type 3", "="},
    {PK_IPV6, 135, "-m mh --mh-type binding-update", "-m mh --mh-type 5"},
    {PK_IPV6, 135, "-m mh --mh-type BU:7", "-m mh --mh-type 5:7"},
    {PK_IPV6, 135, "-m mh ! --mh-type bu:be", "-m mh ! --mh-type 5:7"},
    {PK_IPV6, 135, "-m mh --mh-type 5:", "-m mh --mh-type 5:255"},
    {PK_IPV6, 135, "-m mh --mh-type :5", "-m mh --mh-type 0:5"},
    {PK_IPV6, 135, "-m mh --mh-type 0:255", "-m mh"},
    {PK_IPV6, 135, "-m mh ! --mh-type 0:255", NULL}, /* (*) 1.8.9 prints "-m mh" */
    {PK_IPV6, 135, "-m mh --mh-type 7:5", NULL},
    {PK_IPV6, 135, "-m mh --mh-type 256", NULL},
    {PK_IPV6, 135, "-m mh --mh-type binding", "-m mh --mh-type 0"},
    {PK_IPV6, 135, "-m mh --mh-type 0x3", "-m mh --mh-type 3"},
    {PK_IPV6, 135, "-m mh --mh-type 8", "="},
    {PK_IPV6, 0, "-m mh --mh-type 3", NULL},
    {PK_IPV6, 0, "-m ipv6header --header hop", "-m ipv6header --header hop-by-hop"},
    {PK_IPV6, 0, "-m ipv6header --header hop,dst,route,frag,auth,esp,none,prot",
     "-m ipv6header --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt,protocol"},
    {PK_IPV6, 0,
     "-m ipv6header --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt,protocol",
     "="},
    {PK_IPV6, 0, "-m ipv6header --header hop,dst --soft",
     "-m ipv6header --header hop-by-hop,ipv6-opts --soft"},
    {PK_IPV6, 0, "-m ipv6header --soft --header hop", "-m ipv6header --header hop-by-hop --soft"},
    {PK_IPV6, 0, "-m ipv6header ! --header hop --soft",
     "-m ipv6header ! --header hop-by-hop --soft"},
    {PK_IPV6, 0, "-m ipv6header ! --header hop", "-m ipv6header ! --header hop-by-hop"},
    {PK_IPV6, 0, "-m ipv6header --soft", NULL},
    {PK_IPV6, 0, "-m ipv6header", NULL},
    {PK_IPV6, 0, "-m ipv6header --header 0", "-m ipv6header --header hop-by-hop"},
    {PK_IPV6, 0, "-m ipv6header --header 43,44", "-m ipv6header --header ipv6-route,ipv6-frag"},
    {PK_IPV6, 0, "-m ipv6header --header 6", NULL},
    {PK_IPV6, 0, "-m ipv6header --header tcp", NULL},
    {PK_IPV6, 0, "-m ipv6header --header proto", NULL},
    {PK_IPV6, 0, "-m ipv6header --header 255", "-m ipv6header --header protocol"},
    {PK_IPV6, 0, "-m ipv6header --header HOP", NULL},
    {PK_IPV6, 0, "-m ipv6header --header \"\"", NULL},
    {PK_IPV6, 0, "-m ipv6header --header hop,", "-m ipv6header --header hop-by-hop"},
    {PK_IPV6, 0, "-m ipv6header --header hop,hop", "-m ipv6header --header hop-by-hop"},
    {PK_IPV6, 0, "-m ipv6header --header 59", "-m ipv6header --header ipv6-nonxt"},
    {PK_IPV6, 0, "-m ipv6header --header 0x2c", NULL},
    {PK_IPV6, 0, "-m ipv6header --header dest,routing,fragment,hopopts", NULL},
    {PK_IPV6, 0, "-m eui64", "="},
    {PK_IPV4, 6, "-m ecn --ecn-tcp-cwr --ecn-tcp-ece --ecn-ip-ect 2",
     "-m ecn --ecn-tcp-ece --ecn-tcp-cwr --ecn-ip-ect 2"},
    {PK_IPV6, 6, "-m ecn ! --ecn-tcp-cwr ! --ecn-ip-ect 0x3",
     "-m ecn ! --ecn-tcp-cwr ! --ecn-ip-ect 3"},
    {PK_IPV4, 0, "-m ecn --ecn-ip-ect 0", "="},
    {PK_IPV4, 0, "-m ecn --ecn-ip-ect 4", NULL},
    {PK_IPV4, 0, "-m ecn", NULL},
    {PK_IPV4, 0, "-m ecn --ecn-tcp-cwr", NULL},
    {PK_IPV4, -6, "-m ecn --ecn-tcp-cwr", NULL},
    {PK_IPV4, 17, "-m ecn --ecn-tcp-ece", NULL},
    {PK_IPV4, 0, "-m dscp --dscp 10", "-m dscp --dscp 0x0a"},
    {PK_IPV4, 0, "-m dscp ! --dscp 0x3f", "="},
    {PK_IPV4, 0, "-m dscp --dscp 64", NULL},
    {PK_IPV4, 0, "-m dscp --dscp-class EFx", "-m dscp --dscp 0x2e"},
    {PK_IPV6, 0, "-m dscp ! --dscp-class af41", "-m dscp ! --dscp 0x22"},
    {PK_IPV4, 0, "-m dscp --dscp-class E", NULL},
    {PK_IPV4, 0, "-m dscp --dscp-class LE", NULL},
    {PK_IPV4, 0, "-m dscp --dscp 1 --dscp-class BE", NULL},
    {PK_IPV4, 0, "-m dscp", NULL},
    {PK_IPV4, 0, "-m tos --tos 16", "-m tos --tos 0x10/0xff"},
    {PK_IPV4, 0, "-m tos ! --tos 0xff/0xf", "-m tos ! --tos 0xff/0x0f"},
    {PK_IPV6, 0, "-m tos --tos minimize-cost", "-m tos --tos 0x02/0x3f"},
    {PK_IPV4, 0, "-m tos --tos Mini", NULL},
    {PK_IPV4, 0, "-m tos --tos 1/", NULL},
    {PK_IPV4, 0, "-m tos --tos 1/256", NULL},
    {PK_IPV4, 0, "-m tos", NULL},
    {PK_IPV4, 0, "-m length --length 5:", "-m length --length 5:65535"},
    {PK_IPV4, 0, "-m length ! --length 0:65535", "="},
    {PK_IPV4, 0, "-m length --length :", "-m length --length 0:65535"},
    {PK_IPV4, 0, "-m length --length 9:4", "="},
    {PK_IPV4, 0, "-m length --length 65536", NULL},
    {PK_IPV4, 0, "-m length", NULL},
    {PK_IPV4, 0, "-m ttl --ttl 5", "-m ttl --ttl-eq 5"},
    {PK_IPV4, 0, "-m ttl ! --ttl-eq 5", "="},
    {PK_IPV4, 0, "-m ttl --ttl-lt 5 --ttl-gt 3", NULL},
    {PK_IPV4, 0, "-m ttl --ttl-gt 256", NULL},
    {PK_IPV4, 0, "-m ttl", NULL},
    {PK_IPV6, 0, "-m hl --hl-gt 255", "="},
    {PK_IPV6, 0, "-m hl --hl 5", "-m hl --hl-eq 5"},
    {PK_IPV6, 0, "-m hl", NULL},
    {PK_IPV6, 135, "-m mh --mh-type hot", "-m mh --mh-type 3"},
    {PK_IPV6, 135, "-m mh --mh-type home-test", "-m mh --mh-type 3"},
    {PK_IPV6, 135, "-m mh --mh-type h", "-m mh --mh-type 1"},
    {PK_IPV6, 135, "-m mh --mh-type x", NULL},
    {PK_IPV6, 0, "-m ipv6header --header ,hop", "-m ipv6header --header hop-by-hop"},
    {PK_IPV4, 0, "-m comment --comment x_1-y", "="},
    {PK_IPV4, 0, "-m comment --comment \"x y\"", "="},
    {PK_IPV4, 0, "-m comment --comment a.b", "-m comment --comment \"a.b\""},
    {PK_IPV4, 0, "-m comment --comment \"a\\\"b\\'c\\\\d\"", "="},
    {PK_IPV4, 0, "-m comment --comment \"\"", "="},
    {PK_IPV4, 0, "-m comment --comment \"a\nb\"", NULL}, /* (*) 1.8.9 writes a broken file */
    {PK_IPV4, 0, "-m comment", NULL},
    {PK_IPV4, 0, "-m conntrack --ctstate NEW,ESTABLISHED", "="},
    {PK_IPV4, 0, "-m conntrack --ctstate n,e,r,u,s,d,i",
     "-m conntrack --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT"},
    {PK_IPV4, 0, "-m conntrack ! --ctstate invalid", "-m conntrack ! --ctstate INVALID"},
    {PK_IPV4, 0, "-m conntrack --ctstate NEW,", NULL},
    {PK_IPV4, 0, "-m conntrack --ctstate ,NEW", NULL},
    {PK_IPV4, 0, "-m conntrack --ctstate NEWX", NULL},
    {PK_IPV4, 0, "-m conntrack --ctstate \"\"", NULL},
    {PK_IPV4, 0, "-m conntrack", NULL},
    {PK_IPV4, 0, "-m conntrack --ctproto TCP", "-m conntrack --ctproto 6"},
    {PK_IPV4, 0, "-m conntrack ! --ctproto 0x11", "-m conntrack ! --ctproto 17"},
    {PK_IPV4, 0, "-m conntrack --ctproto all", "-m conntrack --ctproto 0"},
    {PK_IPV4, 0, "-m conntrack --ctproto 256", NULL},
    {PK_IPV4, 0, "-m conntrack --ctorigsrc 1.2.3.4/24", "="},
    {PK_IPV4, 0, "-m conntrack --ctorigsrc 1.2.3.4/255.255.0.0",
     "-m conntrack --ctorigsrc 1.2.3.4/16"},
    {PK_IPV4, 0, "-m conntrack --ctorigsrc 1.2.3/24", "-m conntrack --ctorigsrc 1.2.0.3/24"},
    {PK_IPV4, 0, "-m conntrack ! --ctreplsrc 0x1020304/32", "-m conntrack ! --ctreplsrc 1.2.3.4"},
    {PK_IPV4, 0, "-m conntrack --ctorigsrc 0/0", "-m conntrack --ctorigsrc 0.0.0.0/0"},
    {PK_IPV4, 0, "-m conntrack --ctorigsrc 1.2.3.4/", NULL},
    {PK_IPV4, 0, "-m conntrack --ctorigsrc /24", NULL},
    {PK_IPV4, 0, "-m conntrack --ctorigsrc 1.2.3.4/33", NULL},          /* (*) 1.8.9: /32 */
    {PK_IPV4, 0, "-m conntrack --ctorigsrc 1.2.3.4/255.0.255.0", NULL}, /* (*) 1.8.9: /32 */
    {PK_IPV4, 0, "-m conntrack --ctorigsrc localhost", NULL},           /* (*) asks the resolver */
    {PK_IPV4, 0, "-m conntrack --ctorigsrcport 22:", "-m conntrack --ctorigsrcport 22:65535"},
    {PK_IPV4, 0, "-m conntrack ! --ctrepldstport :22", "-m conntrack ! --ctrepldstport 0:22"},
    {PK_IPV4, 0, "-m conntrack --ctreplsrcport 0:65535", "="},
    {PK_IPV4, 0, "-m conntrack --ctorigdstport 30:20", "="},
    {PK_IPV4, 0, "-m conntrack --ctorigsrcport 0:0", "-m conntrack --ctorigsrcport 0"},
    {PK_IPV4, 0, "-m conntrack --ctorigsrcport 22:0", NULL},  /* (*) 1.8.9 prints 22 */
    {PK_IPV4, 0, "-m conntrack --ctorigsrcport 65536", NULL}, /* (*) 1.8.9: 0 */
    {PK_IPV4, 0, "-m conntrack --ctstatus none,ASSURED", "-m conntrack --ctstatus ASSURED"},
    {PK_IPV4, 0, "-m conntrack ! --ctstatus c,a,s,e",
     "-m conntrack ! --ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED"},
    {PK_IPV4, 0, "-m conntrack --ctstatus none", "-m conntrack --ctstatus NONE"},
    {PK_IPV4, 0, "-m conntrack --ctstatus X", NULL},
    {PK_IPV4, 0, "-m conntrack --ctexpire 5:", "-m conntrack --ctexpire 5:4294967295"},
    {PK_IPV4, 0, "-m conntrack --ctexpire 0x10:020", "-m conntrack --ctexpire 16"},
    {PK_IPV4, 0, "-m conntrack ! --ctexpire 9:5", "="},
    {PK_IPV4, 0, "-m conntrack --ctexpire 4294967296", NULL},
    {PK_IPV4, 0, "-m conntrack --ctexpire 1-2", NULL},
    {PK_IPV4, 0, "-m conntrack --ctdir original", "-m conntrack --ctdir ORIGINAL"},
    {PK_IPV4, 0, "-m conntrack --ctdir reply", "-m conntrack --ctdir REPLY"},
    {PK_IPV4, 0, "-m conntrack --ctdir o", NULL},
    {PK_IPV4, 0,
     "-m conntrack --ctdir reply --ctexpire 1 --ctstatus NONE --ctrepldstport 1 --ctreplsrcport 2"
     " --ctorigdstport 3 --ctorigsrcport 4 --ctrepldst 1.1.1.1 --ctreplsrc 2.2.2.2"
     " --ctorigdst 3.3.3.3 --ctorigsrc 4.4.4.4 --ctproto udp --ctstate DNAT,SNAT",
     "-m conntrack --ctstate SNAT,DNAT --ctproto 17 --ctorigsrc 4.4.4.4 --ctorigdst 3.3.3.3"
     " --ctreplsrc 2.2.2.2 --ctrepldst 1.1.1.1 --ctorigsrcport 4 --ctorigdstport 3"
     " --ctreplsrcport 2 --ctrepldstport 1 --ctstatus NONE --ctexpire 1 --ctdir REPLY"},
    {PK_IPV6, 0,
     "-m conntrack --ctorigsrc 2001:db8::1/ffff:ffff::", "-m conntrack --ctorigsrc 2001:db8::1/32"},
    {PK_IPV6, 0, "-m conntrack ! --ctrepldst ::1/128", "-m conntrack ! --ctrepldst ::1"},
    {PK_IPV6, 0, "-m conntrack --ctorigdst ::/0", "="},
    {PK_IPV6, 0, "-m conntrack --ctorigsrc 1.2.3.4", NULL},
    {PK_IPV6, 0, "-m conntrack --ctorigsrc fe80::1%lo", NULL}, /* (*) 1.8.9 loses the scope */
    {PK_IPV6, 0, "-m conntrack --ctproto icmpv6", "-m conntrack --ctproto 58"},
    {PK_IPV4, 0, "-m state --state r,e,u,i,n",
     "-m state --state INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED"},
    {PK_IPV4, 0, "-m state ! --state INVALID -m conntrack --ctstate NEW", "="},
    {PK_IPV4, 0, "-m state --state SNAT", NULL},
    {PK_IPV4, 0, "-m state", NULL},
    {PK_IPV4, 0, "-m comment --comment a -m comment --comment b", "="},
};

static void check_golden(const struct golden *g)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(4096);
    struct fixture f;
    int r;

    fixture_init(&f, g->family, g->proto);
    r = parse(&f, g->in);
    if (!g->out) {
        if (!r || f.d.n_errors != 1 || !f.d.items[0].hint || !f.d.items[0].column)
            fail_msg("\"%s\" must be refused once, with a place and a mend", g->in);
    } else {
        print(&f, &out);
        if (r || f.d.n_errors || strcmp(out.data + 1, g->out[0] == '=' ? g->in : g->out) != 0)
            fail_msg("\"%s\" gave \"%s\"", g->in, out.len ? out.data : "nothing");
    }
    fixture_done(&f);
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(goldens); i++)
        check_golden(&goldens[i]);
}

/* Service names are those of this machine; without /etc/services there is nothing to look at. */
static void test_service_names(void **state)
{
    static const struct golden named[] = {
        {PK_IPV4, 6, "-m tcp --dport ssh:http", "-m tcp --dport 22:80"},
        {PK_IPV4, 17, "-m udp --dport domain", "-m udp --dport 53"},
        {PK_IPV4, 33, "-m dccp --dport http", "-m dccp --dport 80"},
        {PK_IPV4, 132, "-m sctp --dport http", NULL},
        {PK_IPV4, 6, "-m tcp --dport HTTP", NULL},
        {PK_IPV4, 6, "-m multiport --dports http,https", "-m multiport --dports 80,443"},
    };

    (void)state;
    if (access("/etc/services", R_OK) != 0)
        skip();
    for (size_t i = 0; i < PK_ARRAY_SIZE(named); i++)
        check_golden(&named[i]);
}

static void test_long_comment(void **state)
{
    char in[400] = "-m comment --comment ";
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(4096);
    struct fixture f;

    (void)state;
    memset(in + strlen(in), 'x', 256);
    fixture_init(&f, PK_IPV4, 0);
    assert_int_equal(parse(&f, in), 0);
    print(&f, &out);
    assert_int_equal(out.len, strlen(" -m comment --comment ") + 255);
    assert_int_equal(f.d.n_warnings, 1);
    fixture_done(&f);
}

/* Equal rules have equal bytes, however they were written. */
static void test_info_is_canonical(void **state)
{
    struct fixture a, b;

    (void)state;
    fixture_init(&a, PK_IPV4, 6);
    fixture_init(&b, PK_IPV4, 6);
    assert_int_equal(parse(&a, "-m tcp --syn --dport 1:2 -m iprange --src-range 1.1.1.1"), 0);
    assert_int_equal(parse(&b, "-m tcp --dport 0x1:0x2 --tcp-flags ACK,FIN,RST,SYN SYN"
                               " -m iprange --src-range 1.1.1.1-1.1.1.1"),
                     0);
    for (size_t m = 0; m < 2; m++)
        assert_memory_equal(a.matches[m].info, b.matches[m].info, a.matches[m].def->info_size);
    fixture_done(&a);
    fixture_done(&b);
}

/* ---- answers by status ---- */

struct truth {
    enum pk_family family;
    int proto;
    const char *match;
    uint16_t sport, dport, icmp;
    uint8_t flags;
    const char *answers; /* by status OK FRAG FRAG1 SHORT TINY: y, n, h */
};

/* sport 1000, dport 80, flags SYN, ICMP 8/0 unless said otherwise. */
static const struct truth truths[] = {
    {PK_IPV4, 6, "-m tcp", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --dport 80", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --dport 81", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp ! --dport 80", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp --dport 79:80", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --dport 80:81", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --sport 1000", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --sport 80", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp --syn", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --syn", 1000, 80, 0, 0xc2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --syn", 1000, 80, 0, 0x12, "nnhhh"},
    {PK_IPV4, 6, "-m tcp ! --syn", 1000, 80, 0, 0x12, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --tcp-flags SYN SYN,ACK", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp ! --tcp-flags NONE NONE", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 17, "-m udp", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 17, "-m udp --dport 81:79", 1000, 80, 0, 0, "nnnhh"},
    {PK_IPV4, 17, "-m udp ! --dport 81:79", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 132, "-m sctp --dport 80", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 132, "-m sctp ! --dport 80", 1000, 80, 0, 0, "nnnhh"},
    {PK_IPV4, 33, "-m dccp --sport 1000:", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 33, "-m dccp ! --sport 1000:", 1000, 80, 0, 0, "nnnhh"},
    {PK_IPV4, 6, "-m multiport --dports 1,79:81", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport --sports 80", 1000, 80, 0, 2, "nnnnh"},
    {PK_IPV4, 6, "-m multiport --ports 80", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport --ports 1000", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport ! --ports 1000", 1000, 80, 0, 2, "nnnnh"},
    {PK_IPV4, 6, "-m multiport ! --ports 1001", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport --dports 80 -m tcp", 1000, 80, 0, 2, "ynnhh"},
    {PK_IPV4, 6, "-m multiport --dports 81 -m tcp", 1000, 80, 0, 2, "nnnnh"},
    {PK_IPV4, 6, "-m tcp -m multiport --dports 81", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 1, "-m icmp --icmp-type 8", 0, 0, 0x800, 0, "ynnhh"},
    {PK_IPV4, 1, "-m icmp --icmp-type 8/1", 0, 0, 0x800, 0, "nnnhh"},
    {PK_IPV4, 1, "-m icmp --icmp-type any", 0, 0, 0x801, 0, "ynnhh"},
    {PK_IPV4, 1, "-m icmp ! --icmp-type any", 0, 0, 0x801, 0, "nnnhh"},
    {PK_IPV4, 1, "-m icmp ! --icmp-type 8", 0, 0, 0, 0, "ynnhh"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type 255", 0, 0, 0x8000, 0, "nn-hh"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type 255/3", 0, 0, 0xff03, 0, "yn-hh"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type ping", 0, 0, 0x8000, 0, "yn-hh"},
    {PK_IPV4, 6, "-m iprange --src-range 10.0.0.1-10.0.0.3", 1000, 80, 0, 2, "yyyyy"},
    {PK_IPV4, 6, "-m iprange ! --src-range 10.0.0.1-10.0.0.3", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m iprange --src-range 10.0.0.3-10.0.0.1", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m iprange ! --src-range 10.0.0.3-10.0.0.1", 1000, 80, 0, 2, "yyyyy"},
    {PK_IPV4, 6, "-m iprange --dst-range 10.0.0.1-10.0.0.3", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m iprange --src-range 10.0.0.3-10.0.0.9 -m tcp", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m comment --comment x", 1000, 80, 0, 2, "yyyyy"},
};

static void test_truth(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(truths); i++) {
        const struct truth *t = &truths[i];
        struct fixture f;

        fixture_init(&f, t->family, t->proto);
        assert_int_equal(parse(&f, t->match), 0);
        for (unsigned s = 0; s < 5; s++) {
            struct pk_packet p = {.saddr.lo = 0x0a000002, .daddr.lo = 0x0a000009, .len = 60};
            struct pk_view v = {.p = &p};
            bool ports = s == PK_L4_OK || s == PK_L4_SHORT;

            if (t->answers[s] == '-')
                continue;
            p.family = (uint8_t)t->family;
            p.proto = (uint8_t)t->proto;
            p.status = (uint8_t)s;
            p.sport = ports ? t->sport : 0;
            p.dport = ports ? t->dport : 0;
            p.icmp = s == PK_L4_OK ? t->icmp : 0;
            p.tcp_flags = s == PK_L4_OK ? t->flags : 0;
            if ("nyh"[eval_matches(&f.rule, &v)] != t->answers[s])
                fail_msg("%s, status %u: not %c", t->match, s, t->answers[s]);
        }
        fixture_done(&f);
    }
}

/* ---- TCP options: the bytes after the header, the option looked for, the answer ---- */

struct option_case {
    uint8_t doff; /* in the header, 4-byte units */
    uint8_t option;
    const char *bytes;
    size_t n, readable; /* bytes of options in the packet; how many of them can be read */
    char answer;        /* for --tcp-option; y and n are swapped for ! */
};

static const struct option_case option_cases[] = {
    {5, 2, "", 0, 0, 'n'},
    {4, 2, "", 0, 0, 'h'},
    {0, 2, "", 0, 0, 'h'},
    {6, 2, "\2\4\5\264", 4, 4, 'y'},
    {6, 5, "\2\4\5\264", 4, 4, 'n'}, /* inside another option */
    {6, 2, "\2\4\5\264", 4, 3, 'h'},
    {6, 2, "", 0, 0, 'h'},
    {7, 8, "\1\1\10\2\0\0\0\0", 8, 8, 'y'},
    {7, 8, "\1\0\10\2\0\0\0\0", 8, 8, 'y'}, /* the end of the options does not end the search */
    {6, 9, "\3\0\11\0", 4, 4, 'y'},         /* length 0 is taken for 1, and is the next kind */
    {6, 9, "\3\1\11\0", 4, 4, 'y'},
    {6, 9, "\3\3\11\0", 4, 4, 'n'},
    {6, 4, "\3\4\4\4", 4, 4, 'n'},
    {6, 4, "\3\2\1\4", 4, 4, 'y'}, /* the last byte */
    {6, 1, "\3\1\3\3", 4, 4, 'y'}, /* length 1 is the next kind */
    {7, 7, "\3\377\7\2\7\2\7\2", 8, 8, 'n'},
    {15, 7, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\7", 40,
     40, 'y'},
};

static void check_option(const struct option_case *c, bool invert, char expected)
{
    uint8_t ip[120] = {0};
    struct pk_packet p = {.len = 0, .proto = 6, .l4_off = 20};
    struct pk_source s = {ip, 40 + c->readable};
    struct pk_view v = {&p, ip, s.len};
    struct pk_step st = {.kind = PK_STEP_TCP_OPTION, .invert = invert, .arg = c->option};
    char text[64];
    struct fixture f;

    p.len = (uint32_t)(40 + c->n);
    ip[32] = (uint8_t)(c->doff << 4);
    memcpy(ip + 40, c->bytes, c->n);
    snprintf(text, sizeof(text), "-m tcp %s--tcp-option %u", invert ? "! " : "", c->option);
    fixture_init(&f, PK_IPV4, 6);
    assert_int_equal(parse(&f, text), 0);
    if ("nyh"[eval_matches(&f.rule, &v)] != expected ||
        "nyh"[pk_step_eval(&s, &p, &st)] != expected)
        fail_msg("case %zu%s is not %c: eval %d step %d", (size_t)(c - option_cases),
                 invert ? " inverted" : "", expected, eval_matches(&f.rule, &v),
                 pk_step_eval(&s, &p, &st));
    fixture_done(&f);
}

static void test_tcp_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(option_cases); i++) {
        const struct option_case *c = &option_cases[i];

        check_option(c, false, c->answer);
        check_option(c, true, c->answer == 'h' ? 'h' : c->answer == 'y' ? 'n' : 'y');
    }
}

/* ---- connection tracking: the evaluator and the step by the table of conntrack_mt() ---- */

struct ct_case {
    const char *match;
    /*
     * Answers for: a new entry; its answer with DNAT; nothing (INVALID); UNTRACKED; an ICMP error
     * of the entry; nobody tracks: a SYN, and then another segment.
     */
    const char *answers;
};

static const struct ct_case ct_cases[] = {
    {"-m conntrack --ctstate NEW", "ynnnnyn"},
    {"-m conntrack ! --ctstate NEW", "nyyyyny"},
    {"-m conntrack --ctstate ESTABLISHED", "nynnnny"},
    {"-m conntrack --ctstate RELATED,ESTABLISHED", "nynnyny"},
    {"-m conntrack --ctstate INVALID", "nnynnnn"},
    {"-m conntrack --ctstate UNTRACKED", "nnnynnn"},
    {"-m conntrack ! --ctstate UNTRACKED", "yyynyyy"},
    {"-m conntrack --ctstate DNAT", "nynnnnn"},
    {"-m conntrack --ctstate SNAT", "nnnnnnn"},
    {"-m state --state NEW", "ynnnnyn"},
    {"-m conntrack --ctdir ORIGINAL", "ynnnynn"},
    {"-m conntrack --ctdir REPLY", "nynnnnn"},
    {"-m conntrack --ctproto 6", "yynnynn"},
    {"-m conntrack ! --ctproto 6", "nnnnnnn"},
    {"-m conntrack --ctorigsrc 10.0.0.2", "yynnynn"},
    {"-m conntrack --ctorigsrc 10.0.9.9/16", "yynnynn"},
    {"-m conntrack ! --ctorigsrc 10.0.9.9/16", "nnnnnnn"},
    {"-m conntrack --ctorigsrc 10.0.0.3", "nnnnnnn"},
    {"-m conntrack --ctorigdst 10.0.0.9", "yynnynn"},
    {"-m conntrack --ctreplsrc 10.0.0.9", "ynnnynn"},
    {"-m conntrack --ctreplsrc 10.0.0.77", "nynnnnn"},
    {"-m conntrack --ctrepldst 10.0.0.2 --ctorigsrcport 1000 --ctorigdstport 80", "yynnynn"},
    {"-m conntrack --ctreplsrcport 80", "ynnnynn"},
    {"-m conntrack --ctreplsrcport 8000:8100", "nynnnnn"},
    {"-m conntrack ! --ctreplsrcport 8000:8100", "ynnnynn"},
    {"-m conntrack --ctrepldstport 1001:999", "nnnnnnn"},
    {"-m conntrack --ctrepldstport 1000", "yynnynn"},
    {"-m conntrack --ctstatus NONE", "nnnnnnn"},
    {"-m conntrack ! --ctstatus NONE", "yynnynn"},
    {"-m conntrack --ctstatus SEEN_REPLY", "nynnnnn"},
    {"-m conntrack ! --ctstatus SEEN_REPLY,ASSURED", "ynnnynn"},
    {"-m conntrack --ctexpire 60", "yynnynn"},
    {"-m conntrack --ctexpire 61:", "nnnnnnn"},
    {"-m conntrack ! --ctexpire :59", "yynnynn"},
    /* Without an entry a match that asks for a state asks for nothing else (conntrack_mt). */
    {"-m conntrack --ctstate INVALID,NEW --ctproto 17", "nnynnyn"},
    {"-m conntrack ! --ctstate NEW --ctorigsrc 1.1.1.1 --ctdir ORIGINAL", "nnyynny"},
};

static void ct_views(struct pk_conntrack ct[7])
{
    const struct pk_conntrack entry = {
        .info = PK_CT_NEW,
        .entry = 1,
        .expires = 60,
        .addr = {{0, 0x0a000002}, {0, 0x0a000009}, {0, 0x0a000009}, {0, 0x0a000002}},
        .port = {1000, 80, 80, 1000},
        .proto = 6,
    };

    ct[0] = ct[1] = ct[4] = entry;
    ct[1].info = PK_CT_ESTABLISHED + PK_CT_IS_REPLY;
    ct[1].status = PK_CTF_SEEN_REPLY | PK_CTF_DST_NAT;
    ct[1].addr[PK_CT_REPLSRC].lo = 0x0a00004d;
    ct[1].port[PK_CT_REPLSRC] = 8080;
    ct[2] = (struct pk_conntrack){0};
    ct[3] = (struct pk_conntrack){.info = PK_CT_UNTRACKED};
    ct[4].info = PK_CT_RELATED;
    ct[5] = ct[6] = (struct pk_conntrack){.info = PK_CT_LOST};
}

static void check_ct(const struct ct_case *c, struct fixture *f, const struct pk_leaf *l)
{
    struct pk_conntrack ct[7];

    ct_views(ct);
    for (unsigned i = 0; i < 7; i++) {
        struct pk_packet p = {
            .saddr.lo = 0x0a000002, .daddr.lo = 0x0a000009, .proto = 6, .tcp_flags = 2};
        struct pk_view v = {.p = &p, .ct = &ct[i]};
        struct pk_source s = {.ct = &ct[i]};
        enum pk_answer step = PK_YES;

        if (i == 6)
            p.tcp_flags = 0x12;
        for (unsigned k = 0; k < l->n_predicates && step == PK_YES; k++)
            step = pk_step_eval(&s, &p, &l->steps[k]);
        if ("nyh"[eval_matches(&f->rule, &v)] != c->answers[i] || "nyh"[step] != c->answers[i])
            fail_msg("%s, view %u: not %c: eval %d, step %d", c->match, i, c->answers[i],
                     eval_matches(&f->rule, &v), step);
    }
}

static void test_conntrack(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(ct_cases); i++) {
        struct pk_leaves leaves;
        struct fixture f;

        fixture_init(&f, PK_IPV4, 6);
        assert_int_equal(parse(&f, ct_cases[i].match), 0);
        assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), 0);
        assert_int_equal(leaves.n, 1);
        check_ct(&ct_cases[i], &f, &leaves.leaf[0]);
        fixture_done(&f);
    }
}

static void test_registry(void **state)
{
    (void)state;
    assert_null(pk_match_find("icmp", PK_IPV6));
    assert_null(pk_match_find("icmp6", PK_IPV4));
    assert_ptr_equal(pk_match_find("icmpv6", PK_IPV6), pk_match_find("icmp6", PK_IPV6));
    assert_null(pk_match_find("limit", PK_IPV4));
    assert_null(pk_target_find("REJECT", PK_IPV4));
    assert_int_equal(pk_match_register(&pk_test_match_len), -EEXIST);
    assert_int_equal(pk_target_register(&pk_test_target_count), -EEXIST);
    for (const struct pk_match_def *const *m = pk_match_list(); *m; m++) {
        assert_true((*m)->families && (*m)->parse && (*m)->finish && (*m)->print && (*m)->eval &&
                    (*m)->compile);
        for (const struct pk_option *o = (*m)->options; o->name; o++)
            assert_true(o->help && (o->arg || !o->n_args));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_service_names),
        cmocka_unit_test(test_long_comment), cmocka_unit_test(test_info_is_canonical),
        cmocka_unit_test(test_truth),        cmocka_unit_test(test_tcp_options),
        cmocka_unit_test(test_conntrack),    cmocka_unit_test(test_registry),
    };

    if (pk_test_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

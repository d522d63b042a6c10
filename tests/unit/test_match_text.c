// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of the matches one by one, in and out, as iptables 1.8.9 has it.
 */
#include "match_fixture.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_service_names),
        cmocka_unit_test(test_long_comment),
        cmocka_unit_test(test_info_is_canonical),
    };

    if (pk_test_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

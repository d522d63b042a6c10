# SPDX-License-Identifier: GPL-2.0-or-later
"""Random lines of rules for against_iptables.py: mostly good, sometimes with something wrong."""

# What an argument can be: good values, bad values.
PORTS = (("80", "1024:65535", ":1023", "1024:", "0", "65535", "domain", "0x50", "22:22"),
         ("65536", "80:22", "", "nope", "1:2:3"))
PORT_LISTS = (("80", "22,80,443", "1024:65535", "1,2:3,4", ",".join("123456789"), "domain"),
              (",".join(str(p) for p in range(16)), "1024:", "80,", "3:1"))
NUMBERS = (("1", "6", "17", "254", "0x11", "010"), ("0", "255", "256", "x", "-1"))
PROTOCOLS = (("tcp", "udp", "sctp", "dccp", "icmp", "icmpv6", "ipv6-icmp", "udplite", "gre", "esp",
              "ah", "all", "TCP", "ospf", "mh", "0", "1", "255", "0x11"),
             ("nope", "256", "-1", "tcp,udp"))
V4 = (("10.0.0.1", "10", "10.1", "10.1.2.0/24", "10.1.2.3/255.255.0.0", "1.2.3.4/0", "any/0",
       "1.2.3.4/255.0.255.0", "010.0x10.2.1", "1.2.3.4/0.0.0.0", "0.0.0.0/0", "1.1.1.1,2.2.2.0/24",
       "255.255.255.255", "1.2.3.4/0x18", "1.2.3.4/32", "1.2.3.4/31"),
      ("1.2.3.4/33", "1.2.3.256", "1.1.1.1,", "1.2.3.4/", "::1", "1.2.3.4/255.255", "08.1.1.1"))
V6 = (("::1", "2001:db8::/32", "2001:db8::1/ffff::ffff", "::/0", "::ffff:1.2.3.4", "fe80::1/64",
       "fe80::1,::2", "2001:db8::1/127", "any/0", "2001:DB8::A/128", "::/128", "ff02::1:2"),
      ("fe80::1/129", "1.2.3.4", "::1/", "1::2::3", "fe80::1%lo"))
NAMES = (("eth0", "eth+", "+", "lo", "a23456789012345", "e.1-x_y"), ("a234567890123456", ""))
TYPES4 = (("ping", "echo-reply", "8", "8/0", "any", "3/1", "255", "host-unreachable", "11/1",
           "network-prohibited", "redirect"), ("256", "nope", "11/300", "time-exceeded/1"))
TYPES6 = (("echo-request", "128", "1/4", "neighbour-solicitation", "router-advertisement",
           "packet-too-big", "255"), ("nope", "256"))
FLAGS = ((("SYN", "SYN"), ("FIN,SYN,RST,ACK", "SYN"), ("ALL", "NONE"), ("syn,ack", "ack"),
          ("ALL", "ALL"), ("FIN,URG,PSH", "PSH")), (("SYN", "XXX"), ("SYN", ""), ("SYN", "-x")))
RANGES4 = (("1.1.1.1-1.1.1.9", "1.1.1.1", "9.9.9.9-1.1.1.1"), ("1.1.1.1-x", "1.1.1.1-"))
RANGES6 = (("::1-::9", "::1", "::9-::1"), ("1.1.1.1-1.1.1.9", "::1-x"))
COMMENTS = (('"a b"', "plain", '"q \\" q"', '"back\\\\slash"', "it's", '""', '"#"', "a_b-c",
             '"' + "x" * 255 + '"'), ('"' + "x" * 256 + '"',))
JUMPS = (("ACCEPT", "DROP", "RETURN", "mine"), ("INPUT", "nope", ""))
BAD = 0.03


def pick(rng, values):
    return rng.choice(values[1] if rng.random() < BAD else values[0])


def option(rng, names, *args, invertible=True):
    name = rng.choice(names)
    if name.startswith("--") and rng.random() < 0.03:
        name = name[:rng.randint(4, len(name))]
    inverted = rng.random() < (0.2 if invertible else BAD)
    return ["!"] * inverted + [name, *(a or '""' for a in args)]


def ip_part(rng, family, chain):
    words = []
    addresses = V4 if family == 4 else V6
    for names in (("-s", "--source", "--src"), ("-d", "--destination", "--dst")):
        if rng.random() < 0.35:
            address = pick(rng, addresses)
            words += option(rng, names, address, invertible="," not in address)
    for names, wrong in ((("-i", "--in-interface"), "OUTPUT"), (("-o", "--out-interface"), "INPUT")):
        if rng.random() < (BAD if chain == wrong else 0.2):
            words += option(rng, names, pick(rng, NAMES))
    if rng.random() < (0.1 if family == 4 else BAD):
        words += option(rng, ("-f", "--fragment"))
    if rng.random() < 0.04:
        words += [rng.choice((f"-{family}", "-4", "-6", "--ipv4", "-v", "-n", "-w"))]
    return words


def port_part(rng, proto):
    words = ["-m", proto] if rng.random() < 0.4 else []
    if rng.random() < 0.6:
        words += option(rng, ("--dport", "--destination-port"), pick(rng, PORTS))
    if rng.random() < 0.3:
        words += option(rng, ("--sport", "--source-port"), pick(rng, PORTS))
    if rng.random() < (0.2 if proto == "tcp" else BAD):
        words += option(rng, ("--tcp-flags",), *pick(rng, FLAGS))
    elif rng.random() < (0.15 if proto == "tcp" else BAD):
        words += option(rng, ("--syn",))
    if rng.random() < (0.1 if proto == "tcp" else BAD):
        words += option(rng, ("--tcp-option",), pick(rng, NUMBERS))
    return words


def multiport_part(rng):
    names = ("--dports", "--sports", "--ports", "--source-ports", "--destination-ports", "--port")
    return ["-m", "multiport"] + option(rng, names, pick(rng, PORT_LISTS))


def protocol_part(rng, family):
    names = ("-p", "--protocol", "--proto")
    kind = rng.random()
    if kind < 0.5:
        proto = rng.choice(("tcp", "tcp", "udp", "sctp", "dccp"))
        words = option(rng, names, proto, invertible=False) + port_part(rng, proto)
        return words + (multiport_part(rng) if rng.random() < 0.2 else [])
    if kind < 0.65 and family == 4:
        return ["-p", "icmp"] + option(rng, ("--icmp-type",), pick(rng, TYPES4))
    if kind < 0.65:
        return ["-p", rng.choice(("icmpv6", "ipv6-icmp"))] + \
            option(rng, ("--icmpv6-type",), pick(rng, TYPES6))
    if kind < 0.72:
        return ["-p", "udplite"] + multiport_part(rng)
    if kind < 0.9:
        return option(rng, names, pick(rng, PROTOCOLS))
    return port_part(rng, "tcp") if rng.random() < 0.1 else []


def rule(rng, family, verb, chain):
    parts = [ip_part(rng, family, chain), protocol_part(rng, family)]
    if rng.random() < 0.15:
        ranges = RANGES4 if family == 4 else RANGES6
        parts.append(["-m", "iprange"] + option(rng, ("--src-range", "--dst-range"),
                                                pick(rng, ranges)))
    if rng.random() < 0.15:
        parts.append(["-m", "comment", "--comment", pick(rng, COMMENTS)])
    if rng.random() < 0.05:
        parts.append(["-c", *rng.choice((("1", "2"), ("1,2",), ("x", "2")))])
    rng.shuffle(parts)
    if rng.random() < 0.85:
        jump = pick(rng, JUMPS)
        if chain == "mine" and jump == "mine":
            jump = "RETURN"
        goto = jump == "mine" or rng.random() < BAD
        parts.append([rng.choice(("-j", "-g") if goto else ("-j", "--jump")), jump or '""'])
    return " ".join([*verb, *(w for part in parts for w in part)])


def random_line(rng, family):
    if rng.random() < 0.03:
        return "-N " + rng.choice(("other", "mine", "ACCEPT", "LOG", "-x", "b" * 28, "b" * 29))
    chain = rng.choice(("INPUT", "FORWARD", "FORWARD", "OUTPUT", "mine"))
    verb = [rng.choice(("-A", "-A", "-A", "--append", "-I")), chain]
    if rng.random() < BAD:
        verb[1] = rng.choice(("nope", "filter", "a" * 28, "a" * 29))
    if verb[0] == "-I" and rng.random() < 0.3:
        verb.append(pick(rng, (("1",), ("2", "0", "x"))))
    return rule(rng, family, verb, chain)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Network tests: namespaces, packets, wires and the firewalls under test. Standard library only.

Read in this order: ns (namespaces), packet (bytes), wire (sockets), world (the three-host topology),
fence (iptables and picket behind one interface), tap (output).
"""

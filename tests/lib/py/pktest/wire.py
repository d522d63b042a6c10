# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets at the ends of wires: AF_PACKET to send frames and see them, raw IP to send from a host."""
import select
import socket
import struct
import time

from . import ns

ETH_P_ALL = 0x0003
ETH_P_MARK = 0x88B5  # IEEE Std 802 local experimental: never IP, so every firewall passes it
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
SO_RCVBUFFORCE = 33
DEADLINE = 5.0


class Port:
    """One end of a wire. Sends frames; collects what arrives, apart from what it sent itself."""

    def __init__(self, space, dev, protocol=ETH_P_ALL):
        with space:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.bind((dev, protocol))
        self.socket.setblocking(False)
        self.dev, self.where = dev, f"{space.name}/{dev}"

    def send(self, frame):
        self.socket.send(frame)

    def read(self):
        """Frames that are here now."""
        frames = []
        try:
            while True:
                frames.append(self.socket.recv(65536))
        except BlockingIOError:
            return frames

    def until_mark(self, mark):
        """Frames up to the mark that another port of this wire sent; the mark must come."""
        frames, end = [], time.monotonic() + DEADLINE
        while True:
            for frame in self.read():
                if frame[12:14] == struct.pack("!H", ETH_P_MARK):
                    if frame[14:22] == mark:
                        return frames
                else:
                    frames.append(frame)
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"the end-of-batch mark did not reach {self.where}")
            select.select([self.socket], [], [], left)

    def close(self):
        self.socket.close()


def mark_frame(mark):
    return b"\xff" * 6 + b"\x02\0\0\0\0\xee" + struct.pack("!H", ETH_P_MARK) + mark.ljust(46, b"\0")


class RawIP:
    """Sends whole IP packets from a host, so that they pass its OUTPUT."""

    def __init__(self, space):
        with space:
            self._v4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._v6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._v4.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for s in (self._v4, self._v6):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, ns.OWN_MARK)

    def send(self, packet):
        """0, or the errno: EPERM is a firewall's drop at LOCAL_OUT."""
        try:
            if packet[0] >> 4 == 6:
                self._v6.sendto(packet, (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0))
            else:
                self._v4.sendto(packet, (socket.inet_ntop(socket.AF_INET, packet[16:20]), 0))
        except OSError as error:
            return error.errno
        return 0

    def close(self):
        self._v4.close()
        self._v6.close()

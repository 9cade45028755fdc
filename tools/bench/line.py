"""A shaped line between two network namespaces: rate, delay, loss and a queue, packet by packet.

In user space, for kernels without netem. Needs root. Each end has a tun device, and this process carries the
packets between them.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SENDER, RECEIVER = "importal-sender", "importal-portal"
SENDER_ADDRESS, RECEIVER_ADDRESS = "10.88.0.1", "10.88.0.2"
QUEUE_BYTES = 512_000
PACKET_BYTES = 1500
# linux/if_tun.h: TUNSETIFF; a tun device without packet information.
_SET_DEVICE, _TUN = 0x400454CA, 0x1001


@dataclass(frozen=True)
class Shape:
    """Bits per second and chance of loss towards the portal; seconds of a round trip."""

    rate: float
    round_trip: float
    loss: float

    def wire_seconds(self, size: int) -> float:
        """Return the least time for so many bytes in full packets, 52 bytes of each being headers."""
        return size * PACKET_BYTES / (PACKET_BYTES - 52) * 8 / self.rate


class _Line(threading.Thread):
    def __init__(self, shape: Shape, ends: tuple[int, int]) -> None:
        super().__init__(name="line", daemon=True)
        self._shape, self._ends = shape, ends
        self.is_over = False

    def run(self) -> None:
        # Two directions: when the line is free, and what is on its way: (arrives at, number, packet).
        free = [0.0, 0.0]
        ways: tuple[list[tuple[float, int, bytes]], ...] = ([], [])
        chance, numbers = random.Random(1), iter(range(1 << 62))
        shape = self._shape
        while not self.is_over:
            now = time.monotonic()
            first = min((way[0][0] for way in ways if way), default=now + 0.1)
            ready, _, _ = select.select(self._ends, [], [], max(0.0, min(0.1, first - now)))
            now = time.monotonic()
            for end in ready:
                at = self._ends.index(end)
                for _ in range(32):
                    try:
                        packet = os.read(end, 2048)
                    except BlockingIOError:
                        break
                    is_lost = at == 0 and chance.random() < shape.loss
                    waits = max(0.0, free[at] - now)
                    if is_lost or waits * shape.rate / 8 > QUEUE_BYTES:
                        continue
                    free[at] = now + waits + len(packet) * 8 / shape.rate
                    heapq.heappush(ways[at], (free[at] + shape.round_trip / 2, next(numbers), packet))
            for at, way in enumerate(ways):
                while way and way[0][0] <= now:
                    os.write(self._ends[1 - at], heapq.heappop(way)[2])


@contextmanager
def line(shape: Shape) -> Iterator[None]:
    """Lay the line; run programs at its ends with ``ip netns exec`` and the names above."""
    ends = []
    places = ((SENDER, "imp-sender", SENDER_ADDRESS), (RECEIVER, "imp-portal", RECEIVER_ADDRESS))
    for name, _device, _address in places:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
    try:
        for name, device, address in places:
            _ip("netns", "add", name)
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(end, _SET_DEVICE, struct.pack("16sH22x", device.encode(), _TUN))
            ends.append(end)
            _ip("link", "set", device, "netns", name)
            _ip("-n", name, "address", "add", f"{address}/24", "dev", device)
            _ip("-n", name, "link", "set", device, "mtu", str(PACKET_BYTES), "up")
            _ip("-n", name, "link", "set", "lo", "up")
        carrier = _Line(shape, (ends[0], ends[1]))
        carrier.start()
        yield
        carrier.is_over = True
        carrier.join(5)
    finally:
        for end in ends:
            os.close(end)
        for name, _device, _address in places:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)

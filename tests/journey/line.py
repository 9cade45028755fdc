"""A line that does something to whoever uses it once so many bytes of the sender have passed."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

CHUNK_BYTES = 16 * 1024
Event = tuple[int, Callable[[], None]]


class Line:
    """Passes bytes on to a port. At each event all connections are cut, and what came with it is done."""

    def __init__(self, target: int, events: Sequence[Event]) -> None:
        self._target = target
        self._events = list(events)
        self._passed = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def happened(self) -> bool:
        """Whether every event came to pass."""
        return not self._events

    def close(self) -> None:
        self._listening.close()
        self._cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sender, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(sender,), daemon=True).start()

    def _connect(self, sender: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target), 5)
        except OSError:
            sender.close()
            return
        self._open |= {sender, server}
        threading.Thread(target=self._pass_on, args=(server, sender, False), daemon=True).start()
        self._pass_on(sender, server, True)

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                target.sendall(data)
                if counts:
                    self._count(len(data))
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        with self._lock:
            self._passed += size
            if not self._events or self._passed < self._events[0][0]:
                return
            _at, happen = self._events.pop(0)
            self._cut()
            happen()

    def _cut(self) -> None:
        for each in tuple(self._open):
            with contextlib.suppress(OSError):
                # Nothing is sent any more; shutting down first wakes the thread that reads here.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RDWR)
                each.close()
        self._open.clear()


@contextmanager
def line(target: int, *events: Event) -> Iterator[Line]:
    """Yield a line to a port of this machine."""
    made = Line(target, events)
    try:
        yield made
    finally:
        made.close()

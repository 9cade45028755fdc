"""A line between client and server that can break, and that keeps account of what goes over it.

It understands just enough of HTTP/1.1 to know which frames were sent, and which of them the sender was told
to be confirmed: from these two everything about sending twice follows.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from importal.transfers.packs import MARK, parse_header

CHUNK_BYTES = 64 * 1024
# An answer that was passed on so shortly before a reset may be lost in the sender's own buffers.
UNREAD_SECONDS = 0.2


@dataclass
class Account:
    """What was sent, what was answered; a range is (offset, length) of a file by its number."""

    sent_bytes: int = 0
    # Of packs that got no answer or another one than success: what was under way when something broke.
    unanswered_bytes: int = 0
    sent_though_confirmed_bytes: int = 0
    confirmed: dict[int, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))

    def sent(self, number: int, offset: int, length: int) -> None:
        self.sent_bytes += length
        end = offset + length
        self.sent_though_confirmed_bytes += sum(
            max(0, min(end, start + known) - max(offset, start)) for start, known in self.confirmed[number]
        )


@dataclass
class _Pack:
    """One request for a pack: its frames as far as they were sent."""

    frames: list[tuple[int, int, int]] = field(default_factory=list)
    payload_bytes: int = 0


class _Reader:
    """Cuts a stream into HTTP messages: `on_body` gets what bodies hold, `on_end` is called behind each."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self.is_inside = False

    def feed(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._left:
                part = view[: self._left]
                self._left -= len(part)
                view = view[len(part) :]
                self.on_body(bytes(part))
                if not self._left:
                    self._end()
                continue
            before = len(self._head)
            self._head += bytes(view)
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            view = view[end + 4 - before :]
            head, self._head = self._head[:end].decode("latin-1"), b""
            lines = head.split("\r\n")
            fields = {
                name.strip().lower(): value.strip() for name, _, value in (ln.partition(":") for ln in lines)
            }
            self._left = int(fields.get("content-length", "0"))
            self.is_inside = True
            self.on_head(lines[0])
            if not self._left:
                self._end()

    def _end(self) -> None:
        self.is_inside = False
        self.on_end()

    def on_head(self, first_line: str) -> None: ...

    def on_body(self, data: bytes) -> None: ...

    def on_end(self) -> None: ...


class _Requests(_Reader):
    def __init__(self, account: Account) -> None:
        super().__init__()
        self.account = account
        self.outstanding: list[_Pack | None] = []
        self._buffer = bytearray()
        self._frame_left = 0
        self._has_mark = False

    @property
    def _pack(self) -> _Pack | None:
        return self.outstanding[-1]

    def on_head(self, first_line: str) -> None:
        method, path, _ = first_line.split(" ", 2)
        self.outstanding.append(_Pack() if method == "POST" and path.endswith("/packs") else None)
        self._buffer, self._frame_left, self._has_mark = bytearray(), 0, False

    def on_body(self, data: bytes) -> None:
        pack = self._pack
        if pack is None:
            return
        self._buffer += data
        while True:
            if not self._has_mark:
                if len(self._buffer) < len(MARK):
                    return
                del self._buffer[: len(MARK)]
                self._has_mark = True
            if self._frame_left:
                taken = min(self._frame_left, len(self._buffer))
                del self._buffer[:taken]
                self._frame_left -= taken
                pack.payload_bytes += taken
                if self._frame_left:
                    return
            if len(self._buffer) < 4:
                return
            length = int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < 4 + length:
                return
            header = parse_header(bytes(self._buffer[4 : 4 + length]))
            del self._buffer[: 4 + length]
            self._frame_left = header["size"]
            pack.frames.append((header["file"], header["offset"], header["length"]))
            self.account.sent(*pack.frames[-1])


class _Answers(_Reader):
    def __init__(self, requests: _Requests) -> None:
        super().__init__()
        self._requests = requests
        self._fresh: list[tuple[float, int, tuple[int, int]]] = []
        self._status = 0
        self._body = b""

    def on_head(self, first_line: str) -> None:
        self._status, self._body = int(first_line.split(" ")[1]), b""

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_end(self) -> None:
        pack = self._requests.outstanding.pop(0)
        account = self._requests.account
        if pack is None:
            return
        if self._status != 200:
            account.unanswered_bytes += sum(length for _file, _offset, length in pack.frames)
            return
        answers = json.loads(self._body)["frames"]
        for (number, offset, length), answer in zip(pack.frames, answers, strict=True):
            assert (answer["file"], answer["offset"]) == (number, offset)
            if answer["result"] != "refused":
                account.confirmed[number].add((offset, length))
        now = time.monotonic()
        self._fresh = [(now, number, (offset, length)) for number, offset, length in pack.frames]

    def take_back_unread(self) -> None:
        """Forget an answer that the sender can hardly have read before the reset."""
        account = self._requests.account
        for at, number, part in self._fresh:
            if time.monotonic() - at < UNREAD_SECONDS and part in account.confirmed[number]:
                account.confirmed[number].discard(part)
                account.unanswered_bytes += part[1]


class _Connection:
    def __init__(self, link: "Link", client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.requests = _Requests(link.account)
        self.answers = _Answers(self.requests)
        self.vanished = False

    def reset(self) -> None:
        """Break it off as a router does: both sides get a reset, and may lose what they have not read yet."""
        self.answers.take_back_unread()
        for writer in (self.client, self.server):
            line: socket.socket = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def close_account(self) -> None:
        for pack in self.requests.outstanding:
            if pack is not None:
                self.requests.account.unanswered_bytes += sum(length for *_, length in pack.frames)
        self.requests.outstanding.clear()


class Link:
    """The line; its methods may be called from any thread."""

    def __init__(self, server_port: int, bytes_per_second: float) -> None:
        self.account = Account()
        self.passed_bytes = 0
        # Requests are counted by address: each run is a sender of its own.
        self.source_address = "127.0.0.1"
        self._server_port = server_port
        self._rate = bytes_per_second
        self._connections: set[_Connection] = set()
        self._cut_answer: threading.Event | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._thread.start()
        self.port: int = self._call(self._open())

    def close(self) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> None:
        """Break off all connections."""
        self._call(self._each(_Connection.reset))

    def stall(self, seconds: float) -> None:
        """Let nothing pass for a while, as when somebody walks out of the reach of the Wi-Fi."""
        self._call(self._stall(seconds))

    def vanish(self) -> None:
        """Let nothing pass any more on the connections there are, and tell nobody; new ones are good."""
        self._call(self._each(lambda connection: setattr(connection, "vanished", True)))

    def cut_next_answer(self) -> threading.Event:
        """Break everything off just when the next answer to a pack is there, but not yet with the sender."""
        self._cut_answer = threading.Event()
        return self._cut_answer

    def begin_account(self) -> Account:
        self.reset()
        self.account = Account()
        self.passed_bytes = 0
        self._cut_answer = None
        return self.account

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _open(self) -> int:
        self._flows = asyncio.Event()
        self._flows.set()
        self._turn = asyncio.Lock()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK_BYTES)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.reset()
        await asyncio.sleep(0.05)

    async def _each(self, act: Any) -> None:
        for connection in list(self._connections):
            act(connection)
        # What was under way is closed in its own task.
        for _ in range(100):
            if all(connection.vanished for connection in self._connections):
                return
            await asyncio.sleep(0.01)

    async def _stall(self, seconds: float) -> None:
        self._flows.clear()
        await asyncio.sleep(seconds)
        self._flows.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(
                "127.0.0.1", self._server_port, local_addr=(self.source_address, 0), limit=CHUNK_BYTES
            )
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, writer, server_writer)
        self._connections.add(connection)
        pumps = [
            asyncio.ensure_future(self._up(connection, reader)),
            asyncio.ensure_future(self._down(connection, server_reader)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            connection.close_account()
            self._connections.discard(connection)
            writer.transport.abort()
            server_writer.transport.abort()

    async def _up(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK_BYTES):
            async with self._turn:
                await asyncio.sleep(len(data) / self._rate)
            await self._pass(connection)
            connection.requests.feed(data)
            self.passed_bytes += len(data)
            connection.server.write(data)
            await connection.server.drain()

    async def _down(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._pass(connection)
            outstanding = connection.requests.outstanding
            if self._cut_answer is not None and outstanding and outstanding[0] is not None:
                self._cut_answer.set()
                self._cut_answer = None
                for each in list(self._connections):
                    each.reset()
                return
            connection.client.write(data)
            await connection.client.drain()
            connection.answers.feed(data)

    async def _pass(self, connection: _Connection) -> None:
        if connection.vanished:
            await asyncio.Event().wait()
        await self._flows.wait()

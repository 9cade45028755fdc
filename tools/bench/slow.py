"""``make bench-slow``: two hundred slow senders at once; how long after its last byte a pack is confirmed.

SENDERS (200), RATE (bytes per second of each, 40000) and SECONDS (40) change it. Each has an invitation of
its own and one connection that is always busy; packs are what a real sender would make on such a line.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from importal import audit, components, institutions, invitations
from importal.settings import Settings
from tools.bench.engine import processor
from tools.bench.load import Request
from tools.bench.receivers import announced, free_port, peak_megabytes, running
from tools.bench.samples import slices

SENDERS = int(os.environ.get("SENDERS", "200"))
RATE = float(os.environ.get("RATE", "40000"))
SECONDS = float(os.environ.get("SECONDS", "40"))
FILE_BYTES, PACK_BYTES, PIECE_BYTES = 40_000, 256 * 1024, 4096


def main() -> int:
    """Run the senders and print how long they waited."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="slow-") as folder:
        codes = _invite(Path(folder))
        settings = {
            "IMPORTAL_DATA_DIR": folder,
            "IMPORTAL_PORT": str(port),
            "IMPORTAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        serve = [sys.executable, "-m", "importal", "serve", "--no-worker"]
        with running(serve, port, Path(folder), **settings) as process_id:
            files = list(slices(int(RATE * SECONDS / FILE_BYTES) + 8, FILE_BYTES))
            # As a proxy would tell it: every sender has an address of its own.
            senders = [
                announced(port, code, files, PACK_BYTES, {"X-Forwarded-For": f"10.0.0.{number}"})
                for number, code in enumerate(codes)
            ]
            waits = asyncio.run(_send_all(port, senders))
            peak = peak_megabytes(process_id)
    quantiles = statistics.quantiles(waits, n=100)
    print(f"{processor()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(
        f"{SENDERS} senders of {RATE / 1000:g} kB/s, {len(waits)} packs: confirmed after the last byte in "
        f"{statistics.median(waits):.2f} s (median), {quantiles[94]:.2f} s (95 %), "
        f"{quantiles[98]:.2f} s (99 %), {max(waits):.2f} s (longest); peak memory {peak:.0f} MB"
    )
    return 0


def _invite(folder: Path) -> list[str]:
    built = components.build(Settings(data_dir=folder))
    components.prepare(built)
    actor = audit.Actor("operator", "bench")
    with built.site.database.transaction() as session:
        home = institutions.create(session, "Bench")
        new = invitations.NewInvitation(home.id, invitations.SenderKind.PATIENT, timedelta(days=3))
        codes = [invitations.invite(session, built.site, new, actor)[1] for _ in range(SENDERS)]
    built.site.database.dispose()
    return codes


async def _send_all(port: int, senders: list[list[Request]]) -> list[float]:
    ends_at = time.monotonic() + SECONDS
    found = await asyncio.gather(
        *(_send(port, requests, ends_at, number / SENDERS) for number, requests in enumerate(senders))
    )
    return [wait for waits in found for wait in waits]


async def _send(port: int, requests: list[Request], ends_at: float, share: float) -> list[float]:
    """Send packs at the speed of a slow line; return the time from the last byte to the answer of each."""
    waits: list[float] = []
    # Not all of them begin, and end, at one moment.
    await asyncio.sleep(share * PACK_BYTES / RATE)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        if time.monotonic() > ends_at:
            break
        fields = {"Host": "127.0.0.1", "Content-Length": str(len(request.body)), **request.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode())
        begun = time.monotonic()
        for start in range(0, len(request.body), PIECE_BYTES):
            writer.write(request.body[start : start + PIECE_BYTES])
            await writer.drain()
            await asyncio.sleep(max(0.0, begun + (start + PIECE_BYTES) / RATE - time.monotonic()))
        sent = time.monotonic()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1])
            for line in answer.split("\r\n")
            if line.lower().startswith("content-length")
        )
        body = json.loads(await reader.readexactly(length))
        if " 200 " not in answer or any(frame["result"] != "confirmed" for frame in body["frames"]):
            raise RuntimeError(f"{answer} {body}")
        waits.append(time.monotonic() - sent)
    writer.close()
    return waits


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-lines``: the sender in Python over shaped lines, beside the time on the wire; needs root.

FILES (200) of 300 kB on each line; LINES chooses some, as ``50/40/0.2`` (Mbit/s, milliseconds, per cent),
with commas. The pixels are noise, so that coding the frames gains nothing. From the first request to the
receipt.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.bench.engine import processor
from tools.bench.line import RECEIVER, RECEIVER_ADDRESS, SENDER, Shape, line
from tools.bench.samples import slices

FILES, FILE_BYTES, PORT = int(os.environ.get("FILES", "200")), 300_000, "8077"
LINES = os.environ.get(
    "LINES", "20/40/0,50/40/0,100/40/0,50/20/0,50/80/0,100/80/0,20/40/0.2,50/40/0.2,50/80/0.2"
)


def main() -> int:
    """Send over every line and print a table; with arguments, be the sender at the end of one."""
    if sys.argv[1:]:
        return _send(sys.argv[1], Path(sys.argv[2]))
    print(f"{processor()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {FILES} x 300 kB\n")
    print("| Mbit/s | round trip, ms | loss, % | s | time / wire time |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="lines-") as place:
        disc = Path(place) / "disc"
        disc.mkdir()
        for number, data in enumerate(slices(FILES, FILE_BYTES)):
            (disc / f"IM{number:05}").write_bytes(data)
        for said in LINES.split(","):
            rate, delay, loss = (float(part) for part in said.split("/"))
            shape = Shape(rate * 1e6, delay / 1000, loss / 100)
            folder = Path(tempfile.mkdtemp(dir=place))
            with line(shape):
                seconds = _measure(folder, disc)
            ratio = seconds / shape.wire_seconds(FILES * FILE_BYTES)
            print(f"| {rate:g} | {delay:g} | {loss:g} | {seconds:.1f} | {ratio:.2f} |", flush=True)
    return 0


def _measure(folder: Path, disc: Path) -> float:
    environment = {
        **os.environ,
        "IMPORTAL_DATA_DIR": str(folder),
        "IMPORTAL_HOST": RECEIVER_ADDRESS,
        "IMPORTAL_PORT": PORT,
        "IMPORTAL_PUBLIC_URL": f"http://{RECEIVER_ADDRESS}:{PORT}",
    }
    program = [sys.executable, "-m", "importal"]
    for command in (["institution", "Bench"], ["invite"]):
        done = subprocess.run(
            [*program, *command], env=environment, capture_output=True, text=True, check=True
        )
    code = next(line.split()[-1] for line in done.stdout.splitlines() if line.startswith("Upload code"))
    there, here = (["ip", "netns", "exec", name] for name in (RECEIVER, SENDER))
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen([*there, *program, "serve", "--no-worker"], env=environment, stderr=log)
    try:
        sender = [*here, sys.executable, "-m", "tools.bench.lines", code, str(disc)]
        return float(subprocess.run(sender, capture_output=True, text=True, check=True, timeout=900).stdout)
    finally:
        server.terminate()
        server.wait(30)


def _send(code: str, disc: Path) -> int:
    from importal import client

    selection = client.select(client.gather(disc))
    with client.Api(f"http://{RECEIVER_ADDRESS}:{PORT}", code) as api:
        for _ in range(60):
            try:
                opened = api.open()
                break
            except client.ApiError:
                time.sleep(0.5)
        begun = time.monotonic()
        client.Transfer(api, selection.files).run(client.Wanted(opened))
        print(time.monotonic() - begun)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A made disc: many small files and a few large ones, the same for the same seed; nobody's data."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.database.transfers.sending import make_instance

LETTER = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n"
PIECE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Sizes:
    """How much is on a disc."""

    small: int = 60
    small_bytes: int = 200_000
    large: tuple[int, ...] = (14_000_000, 9_000_000)
    letters: int = 2


FULL = Sizes(2000, 300_000, (1_000_000_000, 1_000_000_000), 5)


def make_disc(folder: Path, seed: int, sizes: Sizes) -> None:
    """Write a disc of one study; some images stand on it twice, as they do on real ones."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    for number in range(sizes.small):
        pixels = chance.randbytes(2 * chance.randint(64, sizes.small_bytes // 2))
        image = make_instance(number, seed, pixels)
        (folder / f"IM{number:05}").write_bytes(image)
        if chance.random() < 0.03:
            (folder / f"ZZ{number:05}").write_bytes(image)
    for number, size in enumerate(sizes.large):
        _write_large(folder / f"LARGE{number}", make_instance(100_000 + number, seed), size, chance)
    for number in range(sizes.letters):
        text = chance.randbytes(chance.randint(100, 30_000)).hex().encode()
        (folder / f"letter {number}.pdf").write_bytes(LETTER + b"%" + text + b"\n%%EOF\n")


def _write_large(path: Path, image: bytes, size: int, chance: random.Random) -> None:
    """Write an image of this size without holding it: its pixels are the last element."""
    tag = b"\xe0\x7f\x10\x00"
    place = image.rindex(tag)
    # PS3.5 7.1.2: OB and OW have two reserved bytes and a length of 32 bits.
    with path.open("wb") as file:
        file.write(image[: place + 8] + size.to_bytes(4, "little"))
        for start in range(0, size, PIECE_BYTES):
            file.write(chance.randbytes(min(PIECE_BYTES, size - start)))


def digests(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Yield path, size and SHA-256 of every file."""
    for path in sorted(folder.rglob("*")):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield path.relative_to(folder).as_posix(), path.stat().st_size, digest

"""Keys and seals: what must not be readable on the disk is sealed with AES-256-GCM (NIST SP 800-38D).

All keys derive from one site secret by HKDF (RFC 5869), one per purpose, so that a key that serves
pseudonyms can never open the vault. A sealed text is ``version || nonce || ciphertext || tag`` and is
bound to its place: opened under another name it fails.
"""

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
NONCE_BYTES = 12
OVERHEAD_BYTES = len(VERSION) + NONCE_BYTES + 16


class SealBroken(Exception):
    """A sealed text was altered, moved to another place, or sealed with another key."""


@dataclass(frozen=True)
class Keys:
    """All keys of a site, derived from its secret."""

    secret: bytes = field(repr=False)
    # Purposes are few and files many.
    _derived: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)
    _sealers: dict[str, "Sealer"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key for one purpose."""
        key = self._derived.get(purpose)
        if key is None:
            key = HKDF(hashes.SHA256(), 32, salt=b"importal", info=purpose.encode()).derive(self.secret)
            self._derived[purpose] = key
        return key

    def sealer(self, purpose: str) -> "Sealer":
        """Return a sealer whose key serves this purpose alone."""
        sealer = self._sealers.get(purpose)
        if sealer is None:
            sealer = self._sealers[purpose] = Sealer(self.derive(f"seal/{purpose}"))
        return sealer

    def blind(self, purpose: str, value: str | bytes) -> str:
        """Return a keyed digest (hex) to look a value up without storing it."""
        data = value.encode() if isinstance(value, str) else value
        return hmac.new(self.derive(f"blind/{purpose}"), data, hashlib.sha256).hexdigest()


class Sealer:
    """Seals and opens under one key; ``place`` binds a text to the row or object that holds it."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: bytes | memoryview, place: str) -> bytes:
        """Return the sealed form of ``plain``, 29 bytes longer."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._aead.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return what was sealed.

        Raises:
            SealBroken: when it is not exactly what was sealed at this place.
        """
        if len(sealed) < OVERHEAD_BYTES or sealed[:1] != VERSION:
            raise SealBroken(place)
        nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, ciphertext, place.encode())
        except InvalidTag as error:
            raise SealBroken(place) from error

    def seal_text(self, plain: str, place: str) -> bytes:
        """Seal a text in UTF-8; what UTF-8 cannot hold (odd file names) survives as well."""
        return self.seal(plain.encode("utf-8", "surrogatepass"), place)

    def open_text(self, sealed: bytes, place: str) -> str:
        """Open what :meth:`seal_text` sealed."""
        return self.open(sealed, place).decode("utf-8", "surrogatepass")

    def seal_pieces(self, pieces: Iterable[bytes | memoryview], place: str) -> Iterator[bytes]:
        """Seal a long object piece by piece: each as 4-byte length and sealed text, bound to its position."""
        for position, piece in enumerate(pieces):
            sealed = self.seal(piece, f"{place}#{position}")
            yield len(sealed).to_bytes(4, "big") + sealed
        yield (0).to_bytes(4, "big")

    def open_pieces(self, sealed: bytes, place: str) -> Iterator[bytes]:
        """Open what :meth:`seal_pieces` sealed; a missing end counts as broken."""
        offset, position = 0, 0
        while True:
            length = int.from_bytes(sealed[offset : offset + 4], "big")
            if length == 0:
                if len(sealed) != offset + 4:
                    raise SealBroken(place)
                return
            piece = sealed[offset + 4 : offset + 4 + length]
            yield self.open(piece, f"{place}#{position}")
            offset, position = offset + 4 + length, position + 1

"""Pseudonyms: keyed, deterministic, short enough to read aloud (PS3.15 E.1.1 discourages unkeyed hashes).

HMAC-SHA-256 under a secret of the site, domain-separated by the kind of identifier. The scope keeps the
same number from two hospitals apart: it holds issuer, Patient ID, normalised family name and birth date.
A differently spelled name splits one patient into two, which staff merge: the safe direction.
"""

import hmac
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

PSEUDONYM_LENGTH = 16  # fits SH, the shortest VR among the identifiers
_DIGEST_BYTES = 10  # 16 signs of 5 bits
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REMEMBERED = 1024
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


@dataclass(frozen=True)
class Pseudonyms:
    """The key of the site, its version, and the prefix that marks a pseudonym."""

    key: bytes = field(repr=False)
    key_version: int = 1
    prefix: str = "IM"

    def digest(self, domain: str, *parts: str | bytes) -> bytes:
        """Return 32 bytes for the parts; each is length-prefixed, so that no two lists of parts coincide."""
        return _digest(self.key, self.key_version, domain, parts)

    def pseudonym(self, domain: str, *parts: str | bytes) -> str:
        """Return the prefix and upper-case base32 without I, L, O and U; 16 characters in all."""
        bits = int.from_bytes(self.digest(domain, *parts)[:_DIGEST_BYTES], "big")
        signs = [_PAIRS[bits >> shift & 0x3FF] for shift in range(0, 5 * PSEUDONYM_LENGTH, 10)]
        return self.prefix + "".join(signs)[: PSEUDONYM_LENGTH - len(self.prefix)]

    def is_pseudonym(self, text: str) -> bool:
        """Tell whether the text has the form of a pseudonym; says nothing about the key."""
        return (
            len(text) == PSEUDONYM_LENGTH
            and text.startswith(self.prefix)
            and all(sign in _ALPHABET for sign in text[len(self.prefix) :])
        )


# The instances of a study ask for the same few digests again and again.
@lru_cache(maxsize=_REMEMBERED)
def _digest(key: bytes, key_version: int, domain: str, parts: tuple[str | bytes, ...]) -> bytes:
    message = [f"importal\0{key_version}\0{domain}\0".encode()]
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        message += (len(raw).to_bytes(4, "big"), raw)
    return hmac.digest(key, b"".join(message), "sha256")


@lru_cache(maxsize=_REMEMBERED)
def normalised_family_name(name: str) -> str:
    """Return the family name of the first component group: no case, no accents, letters and digits only."""
    family = name.split("=", 1)[0].split("^", 1)[0]
    if not family.strip():
        family = name.replace("=", "").split("^", 1)[0]
    folded = unicodedata.normalize("NFKD", family).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def blind_index(key: bytes, kind: str, value: str) -> bytes:
    """Return 32 bytes under which staff find an upload by an original number, without storing the number.

    Case and outer white space do not count, because the number is typed from paper.
    """
    plain = unicodedata.normalize("NFKC", value).strip(" \0").casefold()
    return Pseudonyms(key).digest(f"blind-index:{kind}", plain)

"""Original identifiers in the names of files: known by their blind index, so that nothing is opened."""

import re
from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal.dicom import IdentifierKind, blind_index, value_search
from importal.site import Site
from importal.vault.tables import VaultPseudonym

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 6


def without_originals(session: Session, site: Site, text: str, pseudonyms: Collection[str]) -> str:
    """Return a text in which each telling original value becomes its pseudonym, one of these.

    As in the texts of objects: only as a token of its own, with a digit and five characters or more.
    """
    rows = session.scalars(select(VaultPseudonym).where(VaultPseudonym.pseudonym.in_(set(pseudonyms)))).all()
    key = site.keys.derive("vault-search")
    indexes = {(row.kind, row.value_index): row.pseudonym for row in rows}
    done, cleaned = 0, ""
    for start, end in _tokens(text):
        if start < done:
            continue
        token = text[start:end]
        if not value_search.telling(token.encode("ascii", "replace")):
            continue
        found = (indexes.get((kind, blind_index(key, kind, token).hex())) for kind in IdentifierKind)
        pseudonym = next((one for one in found if one is not None), None)
        if pseudonym is not None:
            cleaned += text[done:start] + pseudonym
            done = end
    return cleaned + text[done:]


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of words and runs of words, from the left, the longest first."""
    words = [match.span() for match in _WORD.finditer(text)]
    for first, (start, _end) in enumerate(words):
        for _, end in reversed(words[first : first + _MOST_WORDS]):
            yield start, end

"""The value rule in text: an original identifier that stands in a wrong place becomes its pseudonym.

Makers and desks write the Patient ID into the Patient's Name, the Accession Number into a description.
Only a telling value counts (`value_search.telling`: a digit, five characters, no date, no UID), only as a
token of its own, only in text VRs (PS3.5 6.2), at every depth, also behind the Pixel Data; never in UIDs,
codes, numbers or opaque bytes. An identifier without a pseudonym of its own gets the patient's.
"""

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache

from pydicom.datadict import dictionary_VR, private_dictionary_VR

from importal.dicom import charsets, value_search
from importal.dicom.arrival import Arrived
from importal.dicom.codec import Codec, padded
from importal.dicom.item_charsets import ItemCharsets
from importal.dicom.profile import tag_of
from importal.dicom.records import IdentifierKind
from importal.dicom.walk import STANDARD, Found, HeaderWalk, holds_items

# Characters that a value may have (PS3.5 Table 6.2-1); PN: a component group.
_LIMITS = {"SH": 16, "LO": 64, "PN": 64, "ST": 1024, "LT": 10240, "UC": 1 << 31, "UT": 1 << 31, "UR": 1 << 31}
_SEVERAL = frozenset(("SH", "LO", "PN", "UC"))  # a backslash separates values
_SHORT_LENGTH = 0xFFFE
_KINDS = tuple(IdentifierKind)
# A code is a word of a vocabulary, whatever identifier it equals (PS3.3 8.8): changed, it would mean nothing.
_CODES = frozenset(
    map(
        tag_of,
        (
            "CodeValue",
            "CodingSchemeDesignator",
            "CodingSchemeVersion",
            "LongCodeValue",
            "URNCodeValue",
        ),
    )
)
_FIRST_CREATOR = 0x10


def replace_in_text(buffer: bytes, span: tuple[int, int], codec: Codec, arrived: Arrived) -> tuple[str, ...]:
    """Add to the edits of a data set those of its texts; return the tags of what is replaced.

    `span` is the data set's place in the buffer. Elements that are edited already are left alone.
    """
    tokens = pseudonyms_by_token(arrived)
    if not tokens:
        return ()
    walk = HeaderWalk(buffer, frozenset(), everything=True)
    walk.run(*span, codec)
    return _Texts(buffer, walk, arrived, tokens).replace()


def pseudonyms_by_token(arrived: Arrived) -> dict[bytes, bytes]:
    """Return what each telling original value becomes; the Patient ID comes first where two are equal."""
    tokens: dict[bytes, bytes] = {}
    for replacement in sorted(arrived.replacements, key=lambda each: _KINDS.index(each.kind)):
        raw = replacement.original.encode("ascii", "replace")
        for value in value_search.searchable([raw]):
            tokens.setdefault(value, replacement.pseudonym.encode("ascii"))
    patient = arrived.facts.patient_pseudonym.encode("ascii")
    originals = value_search.searchable(arrived.originals)
    written = frozenset(tokens.values())
    return {
        value: tokens.get(value, patient)
        for value in originals
        if value_search.telling(value) and value not in written
    }


class _Texts:
    """The texts of one data set, walked with `everything`."""

    def __init__(self, buffer: bytes, walk: HeaderWalk, arrived: Arrived, tokens: dict[bytes, bytes]) -> None:
        self._buffer = buffer
        self._found = walk.found
        self._bulk = (walk.bulk_start, walk.bulk_end)
        self._edits = arrived.edits
        self._tokens = tokens
        longest_first = sorted(tokens, key=lambda token: (-len(token), token))
        choice = b"|".join(map(re.escape, longest_first))
        self._pattern = re.compile(b"(?<![0-9A-Za-z])(?:" + choice + b")(?![0-9A-Za-z])")
        self._charsets = ItemCharsets(buffer, walk.found)
        self._creators: dict[tuple[int, int], str] = {}
        for found in walk.found:
            if is_creator(found.tag):
                self._creators[id(found.node), found.tag] = self._plain(found)

    def replace(self) -> tuple[str, ...]:
        """Plan the edits; return the tags of the elements that change."""
        starts = [found.start for found in self._found]
        edited = self._edits.spans()
        edited_starts = [start for start, _ in edited]
        tags: set[int] = set()
        for index in self._candidates(starts):
            found = self._found[index]
            before = bisect_left(edited_starts, found.end) - 1
            if before >= 0 and edited[before][1] > found.start:
                continue
            leaf = index + 1 == len(starts) or starts[index + 1] >= found.end
            if leaf and self._replaced(found):
                tags.add(found.tag)
        return tuple(value_search.text(tag) for tag in sorted(tags))

    def _candidates(self, starts: list[int]) -> list[int]:
        """Return the indices of the elements in which a token stands, outside the bulk."""
        bulk_start, bulk_end = self._bulk
        places = value_search.positions(self._buffer, self._tokens, (bulk_start, bulk_end))
        return sorted({bisect_right(starts, place) - 1 for place in places if place >= starts[0]})

    def _replaced(self, found: Found) -> bool:
        vr = self._vr_of(found)
        if vr not in _LIMITS:
            return False
        raw = self._buffer[found.value : found.end].rstrip(b" \0")
        charset = self._charsets.of(found.node)
        mask = charsets.ascii_mask(raw, charset)
        cuts = [at for at, sign in enumerate(mask) if sign == 0x5C] if vr in _SEVERAL else []
        values, start = [], 0
        for end in (*cuts, len(raw)):
            values.append(self._value(raw[start:end], mask[start:end], vr, charset))
            start = end + 1
        new = b"\\".join(values)
        if new == raw:
            return False
        if len(new) > _SHORT_LENGTH and found.vr not in (b"", b"UN", b"UT", b"UC", b"UR"):
            new = next(self._tokens[match[0]] for match in self._pattern.finditer(mask))
        element = found.node.codec.element(found.tag, (found.vr or b"UN").decode("ascii"), padded(new))
        self._edits.change(found.node, found.tag, (found.start, found.end), element)
        return True

    def _value(self, raw: bytes, mask: bytes, vr: str, charset: str) -> bytes:
        """Return one value with its tokens replaced, or the pseudonym alone where that does not fit."""
        pieces: list[bytes] = []
        position, first = 0, b""
        for match in self._pattern.finditer(mask):
            pseudonym = self._tokens[match[0]]
            first = first or pseudonym
            pieces += (raw[position : match.start()], pseudonym)
            position = match.end()
        new = b"".join((*pieces, raw[position:]))
        return new if len(new) <= len(raw) or _fits(new, vr, charset) else first

    def _vr_of(self, found: Found) -> str:
        if found.tag in _CODES or is_creator(found.tag) or holds_items(found):
            return ""
        if found.vr not in (b"", b"UN"):
            return found.vr.decode("latin-1")
        if found.tag in STANDARD:
            return str(dictionary_VR(found.tag))
        creator = self._creators.get((id(found.node), found.tag & 0xFFFF0000 | found.tag >> 8 & 0xFF))
        return _private_vr(found.tag, creator) if creator else ""

    def _plain(self, found: Found) -> str:
        return self._buffer[found.value : found.end].decode("latin-1").strip(" \0")


def is_creator(tag: int) -> bool:
    """Tell whether the tag is that of a private creator (PS3.5 7.8)."""
    return tag & 0x1FF00 == 0x10000 and tag & 0xFF >= _FIRST_CREATOR  # odd group, (gggg,0010-00FF)


def _fits(value: bytes, vr: str, charset: str) -> bool:
    text = charsets.decode(value, charset, person_name=vr == "PN")
    groups = text.split("=") if vr == "PN" else [text]
    return all(len(group) <= _LIMITS[vr] for group in groups)


@lru_cache(maxsize=1024)
def _private_vr(tag: int, creator: str) -> str:
    try:
        return str(private_dictionary_VR(tag, creator))
    except KeyError:
        return ""

"""Localise: on delivery the local patient and order are written into an object, and that it happened.

PS3.3 C.12.1.1.9 (Original Attributes), SOP Common (Instance Origin Status, Instance Coercion DateTime),
C.7.5.1 (Contributing Equipment). The prior values recorded are those of the stored object, that is the
pseudonyms: the foreign originals stay in the vault. UIDs and bulk are not touched.
"""

import hashlib
import zlib
from dataclasses import dataclass, field

from importal.dicom import part10
from importal.dicom.codec import DEFLATED_UIDS, Codec, codec_of
from importal.dicom.defects import Defect
from importal.dicom.departure import WATCHED_ON_DEPARTURE, DepartureEdits, Elements
from importal.dicom.edits import Edit, applied
from importal.dicom.localisation_template import LocalisedHeader, Recalled
from importal.dicom.neutralisation import inflated
from importal.dicom.profile import (
    ON_ARRIVAL,
    SERIES_INSTANCE_UID,
)
from importal.dicom.records import Localisation, Localised
from importal.dicom.refusal import RefusalReason, Refused
from importal.dicom.series_memory import MOST_HEADER, SeriesMemory
from importal.dicom.series_outline import BULK_HEAD
from importal.dicom.text_conversion import utf8_edits
from importal.dicom.walk import HeaderWalk, Node

MEMORY: SeriesMemory[Recalled] = SeriesMemory()

# What arrival lets pass in a sequence that calls itself a short text, delivery takes as it is.
_UNHIDDEN = ON_ARRIVAL & WATCHED_ON_DEPARTURE


@dataclass(frozen=True)
class _Lesson:
    """What was done to a header: may be done again to that of another Instance of the series."""

    span: tuple[int, int]
    edits: list[Edit] = field(repr=False)
    series: bytes
    recorded: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _DataSet:
    """A data set with the local values in it: header, then pieces of bulk."""

    header: bytes = field(repr=False)
    bulk: tuple[bytes | memoryview, ...] = field(repr=False)
    reencoded: bool
    lesson: _Lesson | None = None


def localise(stored: bytes | memoryview, localisation: Localisation) -> Localised:
    """Write the local patient and order; the file keeps preamble and File Meta Information.

    Raises Refused(UNREADABLE) when the bytes are not those of a stored object.
    """
    recalled = MEMORY.recall(stored, localisation)
    if recalled is not None and recalled.ends_with_bulk(stored):
        return _composed(recalled.header, (memoryview(stored)[recalled.split :],), reencoded=False)
    try:
        meta = part10.read_file_meta(stored)
        syntax = meta.text(stored, part10.META_TRANSFER_SYNTAX)
        codec = codec_of(syntax)
        if codec is None or not part10.has_magic(stored):
            raise Refused(RefusalReason.UNKNOWN_TRANSFER_SYNTAX)
        if syntax in DEFLATED_UIDS:
            return _deflated(stored, meta.end, codec, localisation)
        data_set = _localised(stored, (meta.end, len(stored)), codec, localisation)
    except Defect:
        raise Refused(RefusalReason.UNREADABLE) from None
    header = bytes(stored[: meta.end]) + data_set.header
    if data_set.lesson is not None:
        _learn(stored, header, codec, data_set.lesson, localisation)
    return _composed(header, data_set.bulk, reencoded=data_set.reencoded)


def _composed(header: bytes, bulk: tuple[bytes | memoryview, ...], *, reencoded: bool) -> Localised:
    digest = hashlib.sha256()
    for piece in bulk:
        digest.update(piece)
    length = len(header) + sum(map(len, bulk))
    return Localised((header, *bulk), length, digest.hexdigest(), reencoded)


def _learn(
    stored: bytes | memoryview, header: bytes, codec: Codec, lesson: "_Lesson", localisation: Localisation
) -> None:
    """Remember a header that went the strict way and had nothing to re-encode, for others of its series."""
    start, split = lesson.span
    if split <= MOST_HEADER:
        known = bytes(stored[: split + BULK_HEAD])
        MEMORY.learn(
            LocalisedHeader(
                known,
                (start, split),
                codec,
                header,
                lesson.edits,
                lesson.series,
                localisation,
                WATCHED_ON_DEPARTURE,
                lesson.recorded,
            )
        )


def _deflated(stored: bytes | memoryview, at: int, codec: Codec, localisation: Localisation) -> Localised:
    data = inflated(memoryview(stored)[at:])
    data_set = _localised(data, (0, len(data)), codec, localisation)
    press = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = press.compress(b"".join((data_set.header, *data_set.bulk))) + press.flush()
    body += b"\0" if len(body) & 1 else b""
    digest = hashlib.sha256(b"".join(data_set.bulk)).hexdigest()
    return Localised((bytes(stored[:at]), body), at + len(body), digest, data_set.reencoded)


def _localised(
    buffer: bytes | memoryview, span: tuple[int, int], codec: Codec, localisation: Localisation
) -> _DataSet:
    start, end = span
    walk, root = _walk(buffer, start, end, codec, everything=False)
    prior: Elements | None = None
    try:
        departure = DepartureEdits(buffer, walk, root, localisation)
        edits = departure.plan(None).resolved()
    except UnicodeEncodeError:  # what cannot be written in the set of its place; then all text becomes UTF-8
        prior = Elements(buffer, walk)
        full, full_root = _walk(buffer, start, end, codec, everything=True)
        buffer = b"".join(applied(buffer, utf8_edits(buffer, full, full_root), start, end))
        start, end = 0, len(buffer)
        walk, root = _walk(buffer, start, end, codec, everything=False)
        departure = DepartureEdits(buffer, walk, root, localisation)
        edits = departure.plan(prior).resolved()
    split = walk.bulk_start if walk.bulk_start >= 0 else end
    before = [edit for edit in edits if edit[0] < split or edit[0] == edit[1] == split]
    header = b"".join(applied(buffer, before, start, split))
    bulk = applied(buffer, edits[len(before) :], split, end)
    lesson = None
    if prior is None and len(before) == len(edits) and split < walk.bulk_end == end:
        series = Elements(buffer, walk).raw(SERIES_INSTANCE_UID) or b""
        lesson = _Lesson((start, split), edits, series, departure.recorded())
    return _DataSet(header, tuple(bulk), prior is not None, lesson)


def _walk(
    buffer: bytes | memoryview, start: int, end: int, codec: Codec, *, everything: bool
) -> tuple[HeaderWalk, Node]:
    walk = HeaderWalk(buffer, WATCHED_ON_DEPARTURE, everything=everything, unhidden=_UNHIDDEN)
    root = walk.run(start, end, codec)
    walk.position = end
    if walk.first_group() < 0:
        raise Refused(RefusalReason.TRUNCATED)
    return walk, root

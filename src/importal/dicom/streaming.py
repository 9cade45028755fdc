"""Neutralise an object that comes as a stream: only the header is held, the bulk flows through.

Whatever needs the whole object (a broken rule, a deflated data set, an identifier behind the Pixel Data)
is refused with NEEDS_WHOLE_OBJECT, so that the caller takes the other road; the chunks that were given out
until then are not an object.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from importal.dicom import part10, reverse_patch, value_search
from importal.dicom.arrival import Arrived, arrive
from importal.dicom.codec import DEFLATED_UIDS, Codec, codec_of
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.neutralisation import (
    Remains,
    check_header,
    edited_data_set,
    learn,
    meta_edits,
    neutralise,
    recall,
)
from importal.dicom.part10 import FileMeta
from importal.dicom.profile import DATA_SET_TRAILING_PADDING, IDENTITY, ON_ARRIVAL
from importal.dicom.records import (
    InstanceFacts,
    Neutralised,
    NeutralisedStream,
    Profile,
    Replacement,
)
from importal.dicom.refusal import RefusalReason, Refused, Repair
from importal.dicom.series_template import Recalled
from importal.dicom.walk import BULK, ITEM, SEQUENCE_END, UNDEFINED, BulkReached, Found, HeaderWalk

FIRST_BYTES = 64 << 10
MAX_STREAM_HEADER = 64 << 20
# An object whose elements are in disorder may say behind the bulk what it is.
_PERHAPS_BEHIND = frozenset(
    {
        RefusalReason.NO_SOP_CLASS_UID,
        RefusalReason.NO_SOP_INSTANCE_UID,
        RefusalReason.NO_STUDY_INSTANCE_UID,
        RefusalReason.NO_SERIES_INSTANCE_UID,
    }
)
_MORE = (DefectKind.BEYOND_END, DefectKind.NOT_DELIMITED)
Piece = bytes | memoryview


def neutralise_stream(chunks: Iterable[bytes], profile: Profile) -> NeutralisedStream:
    """Read the header from the chunks and return the rest as a stream.

    Raises Refused at once for what the header shows, and from `chunks` of the result for what comes later.
    An object without bulk is held whole, up to the limit for a header.
    """
    source = iter(chunks)
    reader = _HeaderReader(source, profile)
    if not reader.read():
        whole = neutralise(reader.view, profile)
        if whole.repairs:
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)
        return NeutralisedStream(iter(whole.chunks), lambda: whole)
    head = _remembered(reader.recalled, reader.view) if reader.recalled else _planned(reader, profile)
    flow = _Flow(head, reader.view, source)
    return NeutralisedStream(flow.run(), flow.result)


@dataclass(frozen=True)
class _Head:
    """What is stored in front of the bulk, how the original had it, and where the bulk ends."""

    stored: bytes = field(repr=False)
    split: int
    steps: bytes = field(repr=False)
    facts: InstanceFacts
    replacements: tuple[Replacement, ...] = field(repr=False)
    originals: frozenset[bytes] = field(repr=False)
    repairs: tuple[Repair, ...]
    remains: Remains
    bulk: tuple[int, int]  # where its value begins, and its length
    codec: Codec


class _HeaderReader:
    """Gathers chunks until the top-level bulk comes in sight."""

    def __init__(self, source: Iterator[bytes], profile: Profile) -> None:
        self._source = source
        self._profile = profile
        self._chunks: list[bytes] = []
        self.view = b""
        self.recalled: Recalled | None = None
        self.meta: FileMeta
        self.syntax = ""
        self.codec: Codec
        self.walk: HeaderWalk

    def read(self) -> bool:
        """Return True at the bulk, False when the object ended without one."""
        wanted = FIRST_BYTES
        while True:
            ended = self._fill(wanted)
            if self._try(ended=ended):
                return True
            if ended:
                return False
            wanted *= 2
            if wanted > MAX_STREAM_HEADER:
                raise Refused(RefusalReason.TOO_LARGE)

    def _fill(self, wanted: int) -> bool:
        size = sum(map(len, self._chunks))
        while size < wanted:
            chunk = next(self._source, None)
            if chunk is None:
                return True
            self._chunks.append(chunk)
            size += len(chunk)
        return False

    def _try(self, *, ended: bool) -> bool:
        view = bytes(self._chunks[0]) if len(self._chunks) == 1 else b"".join(self._chunks)
        self.view, self._chunks = view, [view]
        if not part10.has_magic(view):
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)
        recalled = recall(view, self._profile)
        if recalled is not None and recalled.bulk_may_follow(view):
            self.recalled = recalled
            return True
        try:
            self.meta = part10.read_file_meta(view)
            self.syntax = self.meta.text(view, part10.META_TRANSFER_SYNTAX)
            codec = codec_of(self.syntax)
            if codec is None or self.syntax in DEFLATED_UIDS:
                raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)
            self.codec = codec
            self.walk = HeaderWalk(view, ON_ARRIVAL, stop_at_bulk=True)
            self.walk.run(self.meta.end, len(view), codec)
        except BulkReached:
            return True
        except Defect as defect:
            if ended or defect.kind not in _MORE:
                raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT) from None
        return False


def _arrived(buffer: bytes, walk: HeaderWalk, profile: Profile, syntax: str) -> Arrived:
    assert walk.root is not None
    try:
        return arrive(buffer, walk, walk.root, profile, syntax)
    except Refused as refused:
        if refused.reason in _PERHAPS_BEHIND:
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT) from None
        raise


def _remembered(recalled: Recalled, view: bytes) -> _Head:
    strict = recalled.strict
    return _Head(
        recalled.header,
        recalled.split,
        recalled.steps,
        recalled.facts(),
        strict.replacements,
        strict.originals,
        (),
        Remains(strict.replaced_text, strict.hits),
        recalled.bulk(view),
        strict.codec,
    )


def _planned(reader: _HeaderReader, profile: Profile) -> _Head:
    walk, buffer = reader.walk, reader.view
    walk.position = split = walk.bulk_start
    if walk.bulk_length & 1 and walk.bulk_length != UNDEFINED:
        raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)
    try:
        check_header(walk, reader.meta.end, reader.syntax, split)
    except Defect:
        raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT) from None
    if reader.meta.text(buffer, part10.META_SOP_CLASS) == part10.MEDIA_DIRECTORY_CLASS:
        raise Refused(RefusalReason.MEDIA_DIRECTORY)
    arrived = _arrived(buffer, walk, profile, reader.syntax)
    changes, repairs = meta_edits(buffer, reader.meta, arrived, profile)
    span = (reader.meta.end, split)
    edited, remains = edited_data_set(buffer, span, reader.codec, walk, arrived, changes)
    if not repairs:
        learn(buffer, edited, arrived, remains, profile)
    return _Head(
        edited.header,
        split,
        reverse_patch.packed(reverse_patch.steps_of_edits(buffer, edited.edits)),
        arrived.facts,
        arrived.replacements,
        arrived.originals,
        repairs,
        remains,
        (walk.bulk_value, walk.bulk_length),
        reader.codec,
    )


class _Flow:
    """The stored bytes of one object, made while its original comes in."""

    def __init__(self, head: _Head, buffer: bytes, source: Iterator[bytes]) -> None:
        self._source = source
        self._head = head
        self._buffer = buffer
        self._length = 0
        self._digest = hashlib.sha256()
        self._neutralised: Neutralised | None = None
        value, length = head.bulk
        self._bulk_end = _BulkEnd(value - head.split, length, head.codec)

    def run(self) -> Iterator[Piece]:
        """Yield the header, the bulk as it comes, and the checked tail."""
        yield self._head.stored
        tail = bytearray()
        for piece in self._incoming():
            taken = self._bulk_end.feed(piece)
            if taken and taken == len(piece):
                yield self._counted(piece)
                continue
            if taken:
                yield self._counted(piece[:taken])
            tail += piece[taken:]
            if len(tail) > MAX_STREAM_HEADER:
                raise Refused(RefusalReason.TOO_LARGE)
        if not self._bulk_end.reached:
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)
        if tail:
            self._check_tail(bytes(tail))
            yield self._counted(memoryview(tail))
        self._neutralised = self._finished()

    def result(self) -> Neutralised:
        """Return the record; only after the chunks were exhausted (RuntimeError before)."""
        if self._neutralised is None:
            raise RuntimeError("stream.not_exhausted")
        return self._neutralised

    def _incoming(self) -> Iterator[memoryview]:
        yield memoryview(self._buffer)[self._head.split :]
        for chunk in self._source:
            yield memoryview(chunk)

    def _counted(self, piece: memoryview) -> memoryview:
        self._digest.update(piece)
        self._length += len(piece)
        return piece

    def _check_tail(self, tail: bytes) -> None:
        walk = HeaderWalk(tail, ON_ARRIVAL)
        try:
            walk.run(0, len(tail), self._head.codec)
        except Defect:
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT) from None
        late = walk.top_level[0][0] <= max(BULK)
        if late or any(not _stays(found, tail) for found in walk.found):
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)
        if value_search.positions(tail, value_search.searchable(self._head.originals)):
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)

    def _finished(self) -> Neutralised:
        head = self._head
        header = hashlib.sha256(memoryview(self._buffer)[: head.split]).digest()
        total = len(head.stored) + self._length
        digests = reverse_patch.OriginalDigests(
            head.split + self._length, head.split, header, self._digest.digest()
        )
        return Neutralised(
            (),
            total,
            reverse_patch.pack(digests, total, head.steps),
            head.facts,
            head.replacements,
            len(head.stored),
            self._digest.hexdigest(),
            head.repairs,
            head.remains.hits,
            head.remains.replaced_text,
        )


def _stays(found: Found, tail: bytes) -> bool:
    """Tell whether nothing has to change in an element behind the bulk."""
    if found.tag == DATA_SET_TRAILING_PADDING:
        return not tail[found.value : found.end].strip(b"\0")
    return found.tag in IDENTITY


class _BulkEnd:
    """Finds the end of the bulk element in a stream of pieces: by its length, or behind its last fragment."""

    def __init__(self, head: int, length: int, codec: Codec) -> None:
        self._fragmented = length == UNDEFINED
        self._skip = head if self._fragmented else head + length
        self._partial = bytearray()
        self._codec = codec
        self.reached = False

    def feed(self, piece: memoryview) -> int:
        """Return how many bytes of the piece still belong to the bulk element."""
        position = 0
        while position < len(piece) and not self.reached:
            if self._skip:
                step = min(self._skip, len(piece) - position)
                self._skip -= step
                position += step
            if not self._skip and not self._fragmented:
                self.reached = True
            elif not self._skip and position < len(piece):
                step = min(8 - len(self._partial), len(piece) - position)
                self._partial += piece[position : position + step]
                position += step
                if len(self._partial) == 8:
                    self._header()
        return position

    def _header(self) -> None:
        group, number, length = self._codec.item.unpack(self._partial)
        self._partial.clear()
        tag = group << 16 | number
        if tag == SEQUENCE_END and length == 0:
            self.reached = True
        elif tag != ITEM or length & 1 or length == UNDEFINED:
            raise Refused(RefusalReason.NEEDS_WHOLE_OBJECT)
        self._skip = length

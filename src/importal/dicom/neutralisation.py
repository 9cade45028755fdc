"""Neutralise: an object as another hospital made it becomes one that cannot collide with local numbers.

The strict way edits the bytes of the header and passes the bulk through untouched. What breaks a rule of
the standard is mended by `recovery` first and then goes the same strict way, so that one set of
post-conditions holds for all.
"""

import hashlib
import zlib
from dataclasses import dataclass, field, replace

from importal.dicom import part10, reverse_patch, value_search
from importal.dicom.arrival import Arrived, arrive
from importal.dicom.codec import DEFLATED_UIDS, Codec, codec_of, is_encapsulated
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.edits import Edit, applied
from importal.dicom.part10 import FileMeta
from importal.dicom.profile import ON_ARRIVAL
from importal.dicom.records import Neutralised, Profile
from importal.dicom.refusal import RefusalReason, Refused, Repair
from importal.dicom.series_memory import MOST_HEADER, SeriesMemory
from importal.dicom.series_outline import BULK_HEAD
from importal.dicom.series_template import Recalled, Strict
from importal.dicom.text_replacement import replace_in_text
from importal.dicom.walk import PIXEL_DATA, UNDEFINED, HeaderWalk

MEMORY: SeriesMemory[Recalled] = SeriesMemory()
MAX_HEADER = 256 << 20
INFLATED_BASE, INFLATED_RATIO = 32 << 20, 4
# (0004,1220) and its neighbours stand in a media directory only.
_DIRECTORY_GROUP = 0x0004
FOREIGN_GROUPS = (0x0000, 0x0002)  # command and file meta, not for a data set


@dataclass(frozen=True)
class Rewritten:
    """The strict way's product; `edits` are those of the file, None where the data set was deflated."""

    chunks: tuple[bytes | memoryview, ...] = field(repr=False)
    bulk_offset: int
    bulk_digest: bytes
    arrived: Arrived
    remains: "Remains"
    repairs: tuple[Repair, ...]
    edits: list[Edit] | None = field(repr=False)
    original_bulk: int = -1

    @property
    def length(self) -> int:
        return sum(len(chunk) for chunk in self.chunks)


@dataclass(frozen=True)
class Remains:
    """What the value rule said: tags whose text was replaced, tags where an original value still stands."""

    replaced_text: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edited:
    """A data set after its edits: what stands before the bulk, the bulk itself, what stands behind it."""

    header: bytes = field(repr=False)
    bulk: tuple[bytes | memoryview, ...] = field(repr=False)
    tail: tuple[bytes | memoryview, ...] = field(repr=False)
    edits: list[Edit] = field(repr=False)
    split: int
    tail_changed: bool


def rewrite(buffer: bytes | memoryview, profile: Profile) -> Rewritten:
    """Go the strict way; raises Defect where a rule is broken, Refused where nothing can be done."""
    if not part10.has_magic(buffer):
        raise Defect(DefectKind.BEYOND_END, 0)
    meta = part10.read_file_meta(buffer)
    syntax = meta.text(buffer, part10.META_TRANSFER_SYNTAX)
    if meta.text(buffer, part10.META_SOP_CLASS) == part10.MEDIA_DIRECTORY_CLASS:
        raise Refused(RefusalReason.MEDIA_DIRECTORY)
    codec = codec_of(syntax)
    if codec is None:
        raise Defect(DefectKind.UNKNOWN_VR, meta.start)
    if syntax in DEFLATED_UIDS:
        return _rewrite_deflated(buffer, meta, syntax, codec, profile)
    walk, arrived = walked(buffer, (meta.end, len(buffer)), codec, syntax, profile)
    meta_changes, repairs = meta_edits(buffer, meta, arrived, profile)
    edited, remains = edited_data_set(buffer, (meta.end, len(buffer)), codec, walk, arrived, meta_changes)
    if not repairs and not edited.tail and edited.split < len(buffer):
        learn(buffer, edited, arrived, remains, profile)
    digest = hashlib.sha256()
    for piece in (*edited.bulk, *edited.tail):
        digest.update(piece)
    chunks = (edited.header, *edited.bulk, *edited.tail)
    length, original_bulk = len(edited.header), edited.split if edited.tail_changed else -1
    return Rewritten(chunks, length, digest.digest(), arrived, remains, repairs, edited.edits, original_bulk)


def walked(
    buffer: bytes | memoryview, span: tuple[int, int], codec: Codec, syntax: str, profile: Profile
) -> tuple[HeaderWalk, Arrived]:
    """Walk a data set and plan its edits; checks that the Pixel Data fits the transfer syntax."""
    start, end = span
    walk = HeaderWalk(buffer, ON_ARRIVAL)
    root = walk.run(start, end, codec)
    walk.position = end
    check_header(walk, start, syntax, end)
    return walk, arrive(buffer, walk, root, profile, syntax)


def check_header(walk: HeaderWalk, start: int, syntax: str, end: int) -> None:
    """Raise where the data set as a whole is not what its file says it is."""
    first = walk.first_group()
    if first < 0:
        raise Refused(RefusalReason.TRUNCATED)
    if first == _DIRECTORY_GROUP:
        raise Refused(RefusalReason.MEDIA_DIRECTORY)
    if first in FOREIGN_GROUPS:
        raise Defect(DefectKind.ORDER, start)
    if (walk.bulk_start if walk.bulk_start >= 0 else end) - start > MAX_HEADER:
        raise Refused(RefusalReason.TOO_LARGE)
    if walk.bulk_start < 0 or not walk.bulk_length:
        return
    undefined = walk.bulk_length == UNDEFINED
    if undefined != (is_encapsulated(syntax) and walk.bulk_tag == PIXEL_DATA):
        raise Defect(DefectKind.ITEM, walk.bulk_start)


def meta_edits(
    buffer: bytes | memoryview, meta: FileMeta, arrived: Arrived, profile: Profile
) -> tuple[list[Edit], tuple[Repair, ...]]:
    """Return the edits of preamble and File Meta Information, and what was wrong with the latter."""
    changes = {
        part10.META_SOURCE_AE: part10.meta_element(part10.META_SOURCE_AE, "AE", profile.source_ae_title)
    }
    repairs = [] if meta.length_right else [Repair.FILE_META_LENGTH]
    facts = arrived.facts
    for tag, wanted in (
        (part10.META_SOP_CLASS, facts.sop_class_uid),
        (part10.META_SOP_INSTANCE, facts.sop_instance_uid),
    ):
        if meta.text(buffer, tag) != wanted:
            changes[tag] = part10.meta_element(tag, "UI", wanted)
            repairs.append(Repair.SOP_UIDS_OF_FILE_META)
    edits: list[Edit] = []
    preamble = bytes(buffer[: part10.MAGIC_AT])
    clean = part10.clean_preamble(preamble)
    if clean != preamble:
        edits.append((0, part10.MAGIC_AT, clean))
    edits.append((meta.start, meta.end, part10.rewritten_meta(buffer, meta, changes)))
    return edits, tuple(dict.fromkeys(repairs))


def edited_data_set(
    buffer: bytes | memoryview,
    span: tuple[int, int],
    codec: Codec,
    walk: HeaderWalk,
    arrived: Arrived,
    before: list[Edit],
) -> tuple[Edited, Remains]:
    """Apply the edits of a data set and `before` it; then see that no original value is left in its text.

    Only where one is left are the texts looked at one by one.
    """
    edited = _applied(buffer, span[1], walk, before + arrived.edits.resolved())
    values = value_search.sought(arrived.originals, arrived.replacements)
    places = _places(edited, values)
    if not any(places):
        return edited, Remains()
    replaced = replace_in_text(bytes(buffer), span, codec, arrived)
    if replaced:
        edited = _applied(buffer, span[1], walk, before + arrived.edits.resolved())
        places = _places(edited, values)
    parts = ((edited.header, shifted(span[0], edited.edits)), (b"".join(edited.tail), 0))
    hits = {
        tag
        for (part, start), found in zip(parts, places, strict=True)
        for tag in value_search.tags_at(part, start, codec, found)
    }
    return edited, Remains(replaced, tuple(sorted(hits)))


def _places(edited: Edited, values: set[bytes]) -> tuple[list[int], list[int]]:
    """Return where values stand in the header and behind the bulk."""
    tail = value_search.positions(b"".join(edited.tail), values) if edited.tail else []
    return value_search.positions(edited.header, values), tail


def _applied(buffer: bytes | memoryview, end: int, walk: HeaderWalk, edits: list[Edit]) -> Edited:
    split = walk.bulk_start if walk.bulk_start >= 0 else end
    behind = max(split, walk.bulk_end)
    before = [edit for edit in edits if edit[0] < split or edit[0] == edit[1] == split]
    header = b"".join(applied(buffer, before, 0, split))
    bulk = applied(buffer, [], split, behind)
    tail = applied(buffer, edits[len(before) :], behind, end)
    return Edited(header, tuple(bulk), tuple(tail), edits, split, len(before) < len(edits))


def shifted(offset: int, edits: list[Edit]) -> int:
    """Return where an offset between edits comes to lie after those in front of it."""
    return offset + sum(
        len(new) - (end - start) for start, end, new in edits if end <= offset and start < offset
    )


def inflated(deflated: bytes | memoryview) -> bytes:
    """Return a deflated data set; raises Refused above the limit, Defect when the stream is broken."""
    limit = INFLATED_BASE + INFLATED_RATIO * len(deflated)
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = stream.decompress(deflated, limit + 1)
    except zlib.error:
        raise Defect(DefectKind.BEYOND_END, 0) from None
    if len(data) > limit:
        raise Refused(RefusalReason.TOO_LARGE)
    if not stream.eof:
        raise Defect(DefectKind.BEYOND_END, 0)
    return data


def _rewrite_deflated(
    buffer: bytes | memoryview, meta: FileMeta, syntax: str, codec: Codec, profile: Profile
) -> Rewritten:
    data = inflated(memoryview(buffer)[meta.end :])
    walk, arrived = walked(data, (0, len(data)), codec, syntax, profile)
    meta_changes, repairs = meta_edits(buffer, meta, arrived, profile)
    prefix = b"".join(applied(buffer, meta_changes, 0, meta.end))
    edited, remains = edited_data_set(data, (0, len(data)), codec, walk, arrived, [])
    bulk = b"".join((*edited.bulk, *edited.tail))
    press = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = press.compress(edited.header) + press.compress(bulk) + press.flush()
    body += b"\0" if len(body) & 1 else b""
    digest = hashlib.sha256(bulk).digest()
    length = len(prefix) + len(body)
    return Rewritten((prefix, body), length, digest, arrived, remains, repairs, None)


def finished(rewritten: Rewritten, patch: bytes) -> Neutralised:
    """Return the public record of a rewritten object."""
    return Neutralised(
        rewritten.chunks,
        rewritten.length,
        patch,
        rewritten.arrived.facts,
        rewritten.arrived.replacements,
        rewritten.bulk_offset,
        rewritten.bulk_digest.hex(),
        rewritten.repairs,
        rewritten.remains.hits,
        rewritten.remains.replaced_text,
    )


def neutralise(
    original: bytes | memoryview, profile: Profile, *, original_sha256: bytes | None = None
) -> Neutralised:
    """Replace every foreign identifier of an object at every depth.

    `original` is a whole file as received; a digest of it that the caller has already (32 bytes) goes into
    the patch and is checked on `restore`. Raises Refused. See deid rules in `profile`.
    """
    view = memoryview(original)
    recalled = recall(original, profile)
    if recalled is not None and recalled.ends_with_bulk(original):
        return _familiar(view, recalled, original_sha256)
    try:
        rewritten = rewrite(original, profile)
    except Defect:
        return _tolerant(view, profile, original_sha256)
    if rewritten.edits is None:
        return finished(rewritten, _patch_between(view, rewritten, original_sha256))
    split = rewritten.original_bulk
    known = None
    if split < 0:  # the bulk is the same in both: one digest serves
        split = len(view) - (rewritten.length - rewritten.bulk_offset)
        known = rewritten.bulk_digest
    digests = reverse_patch.digests_of(view, split, known, original_sha256)
    steps = reverse_patch.packed(reverse_patch.steps_of_edits(view, rewritten.edits))
    return finished(rewritten, reverse_patch.pack(digests, rewritten.length, steps))


def recall(original: bytes | memoryview, profile: Profile) -> Recalled | None:
    """Return what becomes of a header that differs from one before only where no rule looks."""
    return MEMORY.recall(original, profile)


def learn(
    buffer: bytes | memoryview, edited: Edited, arrived: Arrived, remains: Remains, profile: Profile
) -> None:
    """Remember a header that went the strict way and had nothing to mend, for others of its series."""
    if edited.split > MOST_HEADER:
        return
    MEMORY.learn(
        Strict(
            bytes(buffer[: edited.split + BULK_HEAD]),
            edited.split,
            edited.header,
            edited.edits,
            profile,
            arrived.facts,
            arrived.replacements,
            arrived.originals,
            remains.hits,
            remains.replaced_text,
        )
    )


def _familiar(view: memoryview, recalled: Recalled, whole: bytes | None) -> Neutralised:
    bulk = view[recalled.split :]
    digest = hashlib.sha256(bulk)
    digests = reverse_patch.digests_of(view, recalled.split, digest.digest(), whole)
    length = len(recalled.header) + len(bulk)
    return Neutralised(
        (recalled.header, bulk),
        length,
        reverse_patch.pack(digests, length, recalled.steps),
        recalled.facts(),
        recalled.strict.replacements,
        len(recalled.header),
        digest.hexdigest(),
        (),
        recalled.strict.hits,
        recalled.strict.replaced_text,
    )


def _patch_between(view: memoryview, rewritten: Rewritten, whole: bytes | None) -> bytes:
    stored = b"".join(rewritten.chunks)
    digests = reverse_patch.digests_of(view, len(view), None, whole)
    steps = reverse_patch.packed(reverse_patch.steps_between(view, stored))
    return reverse_patch.pack(digests, len(stored), steps)


def mended_object(view: memoryview) -> tuple[bytes, tuple[Repair, ...]]:
    """Return a whole, conformant file and what was mended; raises Refused."""
    from importal.dicom.recovery import recover  # noqa: PLC0415 -- pydicom is loaded only when needed

    return recover(view)


def _tolerant(view: memoryview, profile: Profile, whole: bytes | None) -> Neutralised:
    mended, repairs = mended_object(view)
    try:
        rewritten = rewrite(mended, profile)
    except Defect:
        raise Refused(RefusalReason.UNREADABLE) from None
    rewritten = replace(rewritten, repairs=tuple(dict.fromkeys((*repairs, *rewritten.repairs))))
    return finished(rewritten, _patch_between(view, rewritten, whole))

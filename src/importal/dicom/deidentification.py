"""De-identify: an object as another hospital made it becomes one that names nobody (PS3.15 Annex E).

Basic Profile with options, at every depth. Unlike neutralise it reads every value and writes a new data
set: what no rule allows does not arrive in it. The Pixel Data passes untouched, so what may be burned into
them is not removed: such objects come back with the reasons for which a person has to look (`burned_in`).
"""

import hashlib
import zlib
from contextlib import suppress
from dataclasses import dataclass, field

from importal.dicom import burned_in, part10, reverse_patch
from importal.dicom.arrival import valid_uid
from importal.dicom.burned_in import HoldReason
from importal.dicom.codec import DEFLATED_UIDS, Codec, codec_of, is_encapsulated
from importal.dicom.confidentiality import USUAL_OPTIONS, DeidentificationOption
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.neutralisation import FOREIGN_GROUPS, MAX_HEADER, mended_object
from importal.dicom.profile import (
    MODALITY,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
)
from importal.dicom.pseudonyms import Pseudonyms
from importal.dicom.reading import Contents, Element, walk_contents
from importal.dicom.records import InstanceFacts
from importal.dicom.refusal import RefusalReason, Refused, Repair
from importal.dicom.replacement_values import Subject, subject_of
from importal.dicom.rewriting import Rewriting, additions
from importal.dicom.walk import PIXEL_DATA, UNDEFINED

_DIRECTORY_GROUP = 0x0004


@dataclass(frozen=True)
class DeidentificationProfile:
    """Everything `deidentify` needs to know of the site.

    The key of `pseudonyms` also moves the dates and replaces the UIDs; it must not be the one that
    `neutralise` uses, or the two would lead to each other. `issuer_of_patient_id` as in `Profile`.
    """

    pseudonyms: Pseudonyms
    issuer_of_patient_id: str
    options: frozenset[DeidentificationOption] = USUAL_OPTIONS


@dataclass(frozen=True)
class Deidentified:
    """An object that names nobody in its attributes.

    `chunks`, `facts`, bulk and `repairs` as in `Neutralised`, UIDs are the new ones. Non-empty `held_for`:
    a person has to look at it before it is passed on. `reverse_patch` CONTAINS identifiers; it is empty
    unless asked for.
    """

    chunks: tuple[bytes | memoryview, ...] = field(repr=False)
    length: int
    facts: InstanceFacts
    bulk_offset: int
    bulk_sha256: str
    held_for: tuple[HoldReason, ...]
    repairs: tuple[Repair, ...] = ()
    reverse_patch: bytes = field(default=b"", repr=False)


def deidentify(
    original: bytes | memoryview,
    profile: DeidentificationProfile,
    *,
    original_sha256: bytes | None = None,
    with_reverse_patch: bool = False,
) -> Deidentified:
    """Remove or replace everything in an object that identifies somebody; raises Refused.

    The same bytes under the same profile give the same bytes again. `original_sha256` as in `neutralise`.
    """
    view = memoryview(original)
    contents, repairs = _read(view)
    top = {element.tag: element for element in contents.elements}
    kind = valid_uid(_plain(top, SOP_CLASS_UID), RefusalReason.NO_SOP_CLASS_UID)
    subject = subject_of(top, profile.pseudonyms)
    keeps_uids = DeidentificationOption.RETAIN_UIDS in profile.options
    facts = _facts(contents, top, subject, kind, keeps_uids=keeps_uids)
    codec = codec_of(contents.transfer_syntax_uid)
    assert codec is not None
    rewriting = Rewriting(subject, kind, profile.options)
    head, tail = _data_set(contents, codec, rewriting, profile)
    meta = part10.new_file_meta(kind, facts.sop_instance_uid, contents.transfer_syntax_uid)
    bulk = (*_bulk_of(contents, codec), tail)
    digest = hashlib.sha256()
    for piece in bulk:
        digest.update(piece)
    chunks: tuple[bytes | memoryview, ...] = (meta + head, *(piece for piece in bulk if piece))
    offset = len(meta) + len(head)
    if contents.transfer_syntax_uid in DEFLATED_UIDS:
        chunks = (meta, _deflated((head, *bulk)))
        offset = sum(map(len, chunks))
    reasons = burned_in.hold_reasons(top, kind, is_picture=burned_in.is_picture(top, contents.bulk))
    reasons += [HoldReason.OPAQUE_VALUE] if rewriting.opaque_tags else []
    patch = _patch(view, chunks, original_sha256) if with_reverse_patch else b""
    length = sum(map(len, chunks))
    return Deidentified(chunks, length, facts, offset, digest.hexdigest(), tuple(reasons), repairs, patch)


def replaced_uid(pseudonyms: Pseudonyms, options: frozenset[DeidentificationOption], uid: str) -> str:
    """Return the UID that stands for another one; it itself under the option that retains UIDs."""
    if DeidentificationOption.RETAIN_UIDS in options or not uid:
        return uid
    return Subject("", b"", "", 0, pseudonyms).new_uid(uid)


def _read(view: memoryview) -> tuple[Contents, tuple[Repair, ...]]:
    """Read an object the strict way, else the tolerant one; raises Refused."""
    if part10.has_magic(view):
        with suppress(Defect):
            return _checked(walk_contents(view)), ()
    mended, repairs = mended_object(view)
    try:
        return _checked(walk_contents(mended)), repairs
    except Defect:
        raise Refused(RefusalReason.UNREADABLE) from None


def _checked(contents: Contents) -> Contents:
    """Raise where a data set is not what its file says it is."""
    meta = {element.tag: element for element in contents.file_meta}
    if _plain(meta, part10.META_SOP_CLASS) == part10.MEDIA_DIRECTORY_CLASS:
        raise Refused(RefusalReason.MEDIA_DIRECTORY)
    if not contents.elements:
        raise Refused(RefusalReason.TRUNCATED)
    first = contents.elements[0].tag >> 16
    if first == _DIRECTORY_GROUP:
        raise Refused(RefusalReason.MEDIA_DIRECTORY)
    if first in FOREIGN_GROUPS:
        raise Defect(DefectKind.ORDER, 0)
    if sum(len(element.raw) for element in contents.elements) > MAX_HEADER:
        raise Refused(RefusalReason.TOO_LARGE)
    bulk, syntax = contents.bulk, contents.transfer_syntax_uid
    if bulk is not None and len(bulk.raw):
        fragmented = is_encapsulated(syntax) and bulk.tag == PIXEL_DATA
        if fragmented != contents.bulk_is_fragmented:
            raise Defect(DefectKind.ITEM, 0)
    return contents


def _facts(
    contents: Contents, top: dict[int, Element], subject: Subject, kind: str, *, keeps_uids: bool
) -> InstanceFacts:
    uids = (
        valid_uid(_plain(top, SOP_INSTANCE_UID), RefusalReason.NO_SOP_INSTANCE_UID),
        valid_uid(_plain(top, STUDY_INSTANCE_UID), RefusalReason.NO_STUDY_INSTANCE_UID),
        valid_uid(_plain(top, SERIES_INSTANCE_UID), RefusalReason.NO_SERIES_INSTANCE_UID),
    )
    instance, study, series = uids if keeps_uids else map(subject.new_uid, uids)
    syntax = contents.transfer_syntax_uid
    return InstanceFacts(instance, kind, study, series, syntax, _plain(top, MODALITY), subject.pseudonym)


def _plain(elements: dict[int, Element], tag: int) -> str:
    found = elements.get(tag)
    return bytes(found.raw).decode("latin-1").strip(" \0") if found is not None else ""


def _data_set(
    contents: Contents, codec: Codec, rewriting: Rewriting, profile: DeidentificationProfile
) -> tuple[bytes, bytes]:
    """Return what stands in front of the Pixel Data and what stands behind them."""
    issuer = profile.issuer_of_patient_id
    written = rewriting.elements(contents.elements, 0) | additions(
        contents.elements, codec, rewriting, issuer
    )
    border = contents.bulk.tag if contents.bulk is not None else 1 << 32
    head = b"".join(raw for tag, raw in sorted(written.items()) if tag < border)
    return head, b"".join(raw for tag, raw in sorted(written.items()) if tag > border)


def _bulk_of(contents: Contents, codec: Codec) -> tuple[bytes, memoryview | bytes]:
    """Return the Pixel Data as they came: the head of the element, and its value."""
    bulk = contents.bulk
    if bulk is None:
        return b"", b""
    length = UNDEFINED if contents.bulk_is_fragmented else len(bulk.raw)
    group, number = bulk.tag >> 16, bulk.tag & 0xFFFF
    if not codec.explicit:
        return codec.item.pack(group, number, length), bulk.raw
    head = codec.head.pack(group, number, bulk.vr.encode("latin-1"), 0) + codec.u32.pack(length)
    return head, bulk.raw


def _deflated(pieces: tuple[bytes | memoryview, ...]) -> bytes:
    press = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = b"".join([*(press.compress(piece) for piece in pieces), press.flush()])
    return body + b"\0" if len(body) & 1 else body


def _patch(view: memoryview, chunks: tuple[bytes | memoryview, ...], whole: bytes | None) -> bytes:
    stored = b"".join(chunks)
    digests = reverse_patch.digests_of(view, len(view), None, whole)
    steps = reverse_patch.packed(reverse_patch.steps_between(view, stored))
    return reverse_patch.pack(digests, len(stored), steps)

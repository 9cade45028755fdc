"""What is fuzzed, and what has to hold for every input; each target takes bytes and raises where it does not.

Used by the fuzzer, and by the tests that replay what it found. An input is rewritten with all post-conditions
or refused with a reason; nothing but a refusal escapes.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from importal import dicom
from importal.dicom import jpeg_ls, localisation, neutralisation, part10
from importal.dicom.profile import RULES, Arrival
from importal.dicom.reading import Element
from importal.dicom.series_memory import SeriesMemory
from importal.transfers import coding, packs, sample_coding

PROFILE = dicom.Profile(dicom.Pseudonyms(b"a key of thirty-two bytes, to wit"), "IMPORTAL")
LOCALISATION = dicom.Localisation(
    patient_id="LOCAL-1",
    issuer_of_patient_id="HOSPITAL",
    patient_name="Lokal^Änne=ローカル",
    patient_birth_date="19500607",
    patient_sex="F",
    accession_number="ORDER-9",
    issuer_of_accession_number="RIS",
    institution_name="General Hospital",
    station_ae_title="IMPORTAL",
    software_version="0",
    coerced_at=datetime(2026, 1, 2, tzinfo=UTC),
    source_of_previous_values="Disc",
    requested_procedure_id="PROC-3",
)
_SMALLEST_CHUNK = 7
_SHORTEST_TELLING = 5


class Broken(AssertionError):
    """A post-condition does not hold; names which one, never a value."""


def require(condition: object, name: str) -> None:
    """Raise Broken unless the condition is true."""
    if not condition:
        raise Broken(name)


def neutralise(data: bytes) -> None:
    """Neutralise whole and as a stream, restore, neutralise and localise what is stored."""
    dicom.looks_like_dicom(data)
    dicom.read_display(data)
    try:
        whole = dicom.neutralise(data, PROFILE)
    except dicom.Refused as refused:
        _stream(data, None, refused.reason)
        return
    stored = b"".join(whole.chunks)
    require(len(stored) == whole.length, "length")
    _alone(data, whole, stored)
    _stream(data, whole, None)
    require(dicom.restore(stored, whole.reverse_patch) == data, "restored")
    _stored(stored, whole)
    _localised(stored)


def _alone(data: bytes, whole: dicom.Neutralised, stored: bytes) -> None:
    """Check that what is remembered of other inputs changes nothing."""
    remembered = neutralisation.MEMORY
    if remembered.recall(data, PROFILE) is None:
        return
    neutralisation.MEMORY = SeriesMemory()
    try:
        alone = dicom.neutralise(data, PROFILE)
    finally:
        neutralisation.MEMORY = remembered
    require(b"".join(alone.chunks) == stored, "other bytes than alone")
    require(replace(alone, chunks=()) == replace(whole, chunks=()), "another record than alone")


def _stored(stored: bytes, whole: dicom.Neutralised) -> None:
    """Check what is kept: readable to the end, without an identifier, without anything left to mend."""
    contents = dicom.read_contents(stored)
    require(part10.clean_preamble(contents.preamble) == contents.preamble, "preamble")
    written = {replacement.pseudonym for replacement in whole.replacements}
    written.add(whole.facts.patient_pseudonym)
    for element in _every(contents.elements):
        _fate(element, written)
    again = dicom.neutralise(stored, PROFILE)
    require(not again.repairs, "nothing to mend again")
    require(again.facts.sop_instance_uid == whole.facts.sop_instance_uid, "the same instance")
    bulk = dicom.read_contents(b"".join(again.chunks)).bulk
    require((bulk and bulk.raw) == (contents.bulk and contents.bulk.raw), "the same bulk")
    shown = dicom.read_display(stored)
    require(shown.patient_id == whole.facts.patient_pseudonym, "Patient ID is the pseudonym")
    require(shown.study_id, "Study ID is never empty")


def _every(elements: tuple[Element, ...]) -> Iterator[Element]:
    for element in elements:
        yield element
        for item in element.items or ():
            yield from _every(item)


def _fate(element: Element, written: set[str]) -> None:
    rule = RULES.get(element.tag)
    if rule is None:
        return
    text = bytes(element.raw).strip(b" \0").decode("latin-1")
    if rule.arrival is Arrival.REMOVE:
        require(condition=False, name=f"{rule.keyword} is removed")
    elif rule.arrival is Arrival.PSEUDONYM:
        missing = text.startswith(PROFILE.pseudonyms.prefix) and PROFILE.pseudonyms.is_pseudonym(text)
        require(not text or text in written or missing, f"{rule.keyword} is a pseudonym")
    elif rule.arrival is Arrival.ISSUER:
        require(text == PROFILE.issuer_of_patient_id, f"{rule.keyword} is the portal's")


def _stream(data: bytes, whole: dicom.Neutralised | None, reason: dicom.RefusalReason | None) -> None:
    """Neutralise as a stream: the same bytes and record, or a refusal."""
    step = max(_SMALLEST_CHUNK, len(data) // 5)
    chunks = (data[at : at + step] for at in range(0, len(data), step))
    try:
        stream = dicom.neutralise_stream(chunks, PROFILE)
        stored = b"".join(stream.chunks)
        result = stream.result()
    except dicom.Refused as refused:
        right = refused.reason in (dicom.RefusalReason.NEEDS_WHOLE_OBJECT, reason) or whole is None
        require(right, "the stream refuses what goes the strict way")
        return
    require(whole is not None, "the stream takes what is refused as a whole")
    assert whole is not None
    require(stored == b"".join(whole.chunks), "the stream gives other bytes")
    require(result.bulk_sha256 == whole.bulk_sha256, "the stream has another bulk digest")
    require(dicom.restore(stored, result.reverse_patch) == data, "the stream's patch restores")


def _localised(stored: bytes) -> None:
    localised = _as_alone(stored)
    out = b"".join(localised.chunks)
    require(len(out) == localised.length, "length of the localised")
    contents = dicom.read_contents(out)
    top = {element.tag: element for element in contents.elements}
    require(top[0x00100020].text() == LOCALISATION.patient_id, "local Patient ID")
    require(top[0x00080050].text() == LOCALISATION.accession_number, "local Accession Number")
    require(top[0x00100010].text() == LOCALISATION.patient_name, "local Patient's Name")
    require(top[0x04000561].items, "Original Attributes")


def localise(data: bytes) -> None:
    """Localise any bytes, and explain them."""
    for verb in (_localise_any, _explain, _explain_localisation, dicom.read_contents):
        try:
            verb(data)
        except dicom.Refused:
            continue


def _localise_any(data: bytes) -> None:
    out = _as_alone(data)
    dicom.read_contents(b"".join(out.chunks))


def _as_alone(data: bytes) -> dicom.Localised:
    """Localise; what is remembered of other inputs changes nothing."""
    localised = dicom.localise(data, LOCALISATION)
    remembered = localisation.MEMORY
    if remembered.recall(data, LOCALISATION) is not None:
        localisation.MEMORY = SeriesMemory()
        try:
            alone = dicom.localise(data, LOCALISATION)
        finally:
            localisation.MEMORY = remembered
        require(b"".join(alone.chunks) == b"".join(localised.chunks), "localised to other bytes than alone")
        require(replace(alone, chunks=()) == replace(localised, chunks=()), "localised otherwise than alone")
    return localised


def _explain(data: bytes) -> None:
    explanation = dicom.explain(data, PROFILE, with_values=True)
    require(all(each.reason is not dicom.Reason.OTHER for each in explanation.elements), "explained")


def _explain_localisation(data: bytes) -> None:
    dicom.explain(data, LOCALISATION, with_values=True)


def restore(data: bytes) -> None:
    """Restore from any object and patch: two bytes of length, the object, the patch; its check made right."""
    length = int.from_bytes(data[:2], "big")
    stored, patch = data[2 : 2 + length], data[2 + length :]
    for candidate in (patch, patch[:-8] + hashlib.sha256(patch[:-8]).digest()[:8]):
        try:
            dicom.restore(stored, candidate)
        except dicom.RestoreError:
            continue


def read_packs(data: bytes) -> None:
    """Read a pack whole and in pieces: the same frames, and the same end."""
    whole = _frames(data, len(data) or 1)
    require(_frames(data, _SMALLEST_CHUNK) == whole, "pieces give other frames")
    for frame in whole[0]:
        require(len(frame.data) <= packs.MAX_FRAME_BYTES, "a frame beyond the limit")


def _frames(data: bytes, step: int) -> tuple[list[packs.Frame], bool]:
    parser = packs.PackParser()
    frames: list[packs.Frame] = []
    try:
        for at in range(0, len(data), step):
            frames.extend(parser.feed(data[at : at + step]))
        parser.close()
    except packs.PackMalformed:
        return frames, False
    return frames, True


def decode_frames(data: bytes) -> None:
    """Decode any bytes as they are and as samples: exactly what was announced comes out, or nothing."""
    length = int.from_bytes(data[:3], "big")
    original = coding.decode("gzip", data[3:], length)
    require(original is None or len(original) == length, "another length than announced")
    shape = jpeg_ls.read_shape(data[3:])
    require(shape is None or shape.length >= 0, "a shape without a size")
    sample_coding.take_apart(data[3:], length)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "neutralise": neutralise,
    "localise": localise,
    "restore": restore,
    "packs": read_packs,
    "coding": decode_frames,
}

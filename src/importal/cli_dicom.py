"""``importal dicom``: the engine on single files, without a portal.

Exit codes: 0 done, 1 the object was declined or does not fit, 2 wrong use, 3 done, but a person has to
look at the result. What is written appears under
its name only when it is whole, and nothing that exists is ever overwritten. Values are patient data: they are
printed on request only, and the local patient is read from a file: everyone on a machine sees arguments.
"""

import dataclasses
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn

import typer

from importal import __version__, dicom
from importal.cli_directory import directory
from importal.errors import TABLE

DECLINED, WRONG_USE, HELD = 1, 2, 3
KEY_BYTES = 32
CHUNK_BYTES = 1 << 20
SENTENCES = {
    "patch.not_a_patch": "is no reverse patch",
    "patch.version": "is a reverse patch of a newer version",
    "patch.damaged": "is a damaged reverse patch",
    "stored.length": "is not the object that this reverse patch was made for",
    "stored.differs": "is not the object that this reverse patch was made for",
}
HOLDS = {
    dicom.HoldReason.BURNED_IN_ANNOTATION: "its pixels may show writing; nothing says that they do not",
    dicom.HoldReason.RECOGNISABLE_FEATURES: "its pixels show features that somebody can be known by",
    dicom.HoldReason.ULTRASOUND: "ultrasound often has the name in its pixels",
    dicom.HoldReason.SECONDARY_CAPTURE: "a secondary capture often has the name in its pixels",
    dicom.HoldReason.SCREEN: "it is the picture of a screen or a label",
    dicom.HoldReason.PHOTOGRAPH: "a photograph can show a face",
    dicom.HoldReason.DOCUMENT: "it holds a document, which is passed through as it is",
    dicom.HoldReason.OVERLAY_IN_PIXELS: "an overlay lies in its pixels and cannot be removed",
    dicom.HoldReason.OPAQUE_VALUE: "bytes that cannot be read still hold a word of the identity",
}
REASONS = {
    dicom.Reason.PSEUDONYM: "another hospital's identifier becomes its pseudonym",
    dicom.Reason.PORTAL_ISSUER: "the issuer of the pseudonyms",
    dicom.Reason.FOREIGN_IDENTIFIER: "another hospital's identifier",
    dicom.Reason.MISSING_IDENTIFIER: "archives file by it, so it must not be missing",
    dicom.Reason.VALUE_IN_TEXT: "an identifier stood in this text",
    dicom.Reason.VALUE_LEFT: "AN IDENTIFIER STILL STANDS HERE: these bytes cannot be changed surely",
    dicom.Reason.KEPT_BY_RULE: "kept by rule",
    dicom.Reason.NO_VALUE: "has no value",
    dicom.Reason.FILE_META: "who wrote the file, and private remarks in front of the object",
    dicom.Reason.PADDING: "padding at the end means nothing and becomes zeros",
    dicom.Reason.LOCAL_PATIENT: "the local patient",
    dicom.Reason.LOCAL_ORDER: "the local order",
    dicom.Reason.RECORD_OF_CHANGE: "the record of what is changed",
    dicom.Reason.CHARACTER_SET: "the local name needs another character set",
    dicom.Reason.MENDED: "breaks a rule of the standard and is mended",
    dicom.Reason.OTHER: "changed by the engine",
}

app = typer.Typer(
    help="The DICOM engine on single files: foreign identifiers out, local ones in, and back.",
    no_args_is_help=True,
)

app.command()(directory)

Source = Annotated[Path, typer.Argument(help="The DICOM file to read; it is never changed.")]
Target = Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")]
Patch = Annotated[Path, typer.Argument(help="The reverse patch. It holds the original identifiers.")]
Issuer = Annotated[str, typer.Option(help="Issuer of Patient ID of the pseudonyms.")]
Values = Annotated[bool, typer.Option("--values", help="Show values. They are patient data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Local = Annotated[Path, typer.Option(help="JSON file with the local patient and order.")]


@app.command()
def neutralise(
    source: Source,
    target: Target,
    patch: Patch,
    *,
    key_file: Annotated[
        Path, typer.Option(help="File with the secret behind the pseudonyms, 32 bytes or more.")
    ],
    issuer: Issuer = "IMPORTAL",
    ae_title: Annotated[str, typer.Option(help="AE title to write into the file.")] = "IMPORTAL",
) -> None:
    """Replace every foreign identifier, and write what takes it back into a reverse patch.

    The same secret gives the same pseudonyms. Keep the patch as safe as the original: it holds what was
    taken out. Exit codes: 0 done, 1 the object was declined, 2 wrong use.
    """
    profile = dicom.Profile(dicom.Pseudonyms(_key(key_file)), issuer, ae_title)
    _require_new(target, patch)
    with _pending(target) as (object_file, object_path), _pending(patch) as (patch_file, patch_path):
        result = _neutralised(source, object_file, profile)
        patch_file.write(result.reverse_patch)
        _publish((patch_file, patch_path, patch), (object_file, object_path, target))
    print(f"{target}: {len(result.replacements)} identifiers replaced, {result.length} bytes")
    _print_remarks(result.repairs, result.hits)


def _neutralised(source: Path, out: BinaryIO, profile: dicom.Profile) -> dicom.Neutralised:
    """Write the object as a stream where that is possible, else as a whole."""
    try:
        with _readable(source) as file:
            stream = dicom.neutralise_stream(iter(lambda: file.read(CHUNK_BYTES), b""), profile)
            out.writelines(stream.chunks)
        return stream.result()
    except dicom.Refused as refused:
        if refused.reason is not dicom.RefusalReason.NEEDS_WHOLE_OBJECT:
            _decline(source, refused)
    out.seek(0)
    out.truncate()
    try:
        result = dicom.neutralise(_read(source), profile)
    except dicom.Refused as refused:
        _decline(source, refused)
    out.writelines(result.chunks)
    return result


@app.command()
def deidentify(
    source: Source,
    target: Target,
    *,
    key_file: Annotated[
        Path,
        typer.Option(help="File with the secret behind pseudonyms, UIDs and dates; not that of neutralise."),
    ],
    option: Annotated[
        list[dicom.DeidentificationOption] | None,
        typer.Option(help="An option of the Basic Profile, as often as needed; else the usual ones."),
    ] = None,
    basic: Annotated[bool, typer.Option("--basic", help="The Basic Profile without any option.")] = False,
    issuer: Issuer = "IMPORTAL",
) -> None:
    """Make an object anonymous by the Basic Application Confidentiality Profile (PS3.15 Annex E).

    Pixels are not changed: where they may show who it is, the reasons are printed, and a person has to look
    before the object goes anywhere. Nothing is kept to take it back. The usual options are all but
    retain_uids and retain_device. Exit codes: 0 done, 1 the object was declined, 2 wrong use, 3 done, but a
    person has to look.
    """
    if basic and option:
        _stop("--basic means no options, but some were given.", WRONG_USE)
    options = frozenset() if basic else frozenset(option or dicom.USUAL_OPTIONS)
    profile = dicom.DeidentificationProfile(dicom.Pseudonyms(_key(key_file)), issuer, options)
    _require_new(target)
    try:
        result = dicom.deidentify(_read(source), profile)
    except dicom.Refused as refused:
        _decline(source, refused)
    _write(target, result.chunks)
    print(f"{target}: {result.length} bytes")
    _print_remarks(result.repairs, ())
    for reason in result.held_for:
        print(f"look at it: {HOLDS[reason]}")
    if result.held_for:
        raise typer.Exit(HELD)


@app.command()
def localise(source: Source, target: Target, *, local: Local) -> None:
    """Write the local patient and order into an object, with a record of the change.

    The JSON file has the fields patient_id and patient_name, and as needed issuer_of_patient_id,
    patient_birth_date (YYYYMMDD), patient_sex, accession_number, issuer_of_accession_number,
    requested_procedure_id, institution_name, station_ae_title and source_of_previous_values.
    Exit codes: 0 done, 1 the object was declined, 2 wrong use.
    """
    localisation = _localisation(local)
    _require_new(target)
    try:
        result = dicom.localise(_read(source), localisation)
    except dicom.Refused as refused:
        _decline(source, refused)
    _write(target, result.chunks)
    print(f"{target}: {result.length} bytes")
    if result.reencoded:
        print("Its texts are now in UTF-8 (ISO_IR 192), because the local name needs it.")


@app.command()
def restore(source: Source, patch: Patch, target: Target) -> None:
    """Turn a neutralised object and its reverse patch back into the file as it came, to the byte.

    The result is checked by its digest. Exit codes: 0 done, 1 they do not belong together, 2 wrong use.
    """
    _require_new(target)
    stored, reverse_patch = _read(source), _read(patch)
    try:
        original = dicom.restore(stored, reverse_patch)
    except dicom.RestoreError as error:
        named = patch if error.code.startswith("patch.") else source
        _stop(f"{named} {SENTENCES[error.code]}. Nothing was written.", DECLINED)
    _write(target, [original])
    print(f"{target}: {len(original)} bytes, as they came")


@app.command()
def explain(
    source: Source,
    *,
    local: Annotated[
        Path | None, typer.Option(help="JSON file with the local patient and order: explain localise.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the secret behind the pseudonyms; else one for this time.")
    ] = None,
    issuer: Issuer = "IMPORTAL",
    values: Values = False,
    as_json: AsJson = False,
) -> None:
    """Say what neutralise (or, given a local patient, localise) would change, and why. Nothing is written.

    Exit codes: 0 done, 1 the object would be declined, 2 wrong use.
    """
    directions: dicom.Profile | dicom.Localisation
    if local is not None:
        directions = _localisation(local)
    else:
        key = _key(key_file) if key_file is not None else secrets.token_bytes(KEY_BYTES)
        directions = dicom.Profile(dicom.Pseudonyms(key), issuer)
    try:
        explanation = dicom.explain(_read(source), directions, with_values=values)
    except dicom.Refused as refused:
        _decline(source, refused)
    if as_json:
        print(json.dumps(_as_json(explanation), ensure_ascii=False, indent=1))
        return
    for each in explanation.elements:
        print(f"{each.change:<9} {each.path} {each.keyword}".rstrip() + f": {REASONS[each.reason]}")
        if values and each.change is not dicom.Change.KEPT:
            print(f"          {each.before!r} -> {each.after!r}")
    _print_remarks(explanation.repairs, ())


def _as_json(explanation: dicom.Explanation) -> dict[str, Any]:
    elements = [
        {
            name: value
            for name, value in dataclasses.asdict(each).items()
            if name != "tag" and value is not None
        }
        for each in explanation.elements
    ]
    return {"repairs": explanation.repairs, "reencoded": explanation.reencoded, "elements": elements}


@app.command()
def dump(source: Source, *, values: Values = False) -> None:
    """List the elements of an object at every depth: tag, VR, length, keyword; values on request.

    Exit codes: 0 done, 1 it cannot be read, 2 wrong use.
    """
    try:
        contents = dicom.read_contents(_read(source))
    except dicom.Refused as refused:
        _decline(source, refused)
    bulk = (contents.bulk,) if contents.bulk is not None else ()
    elements = sorted((*contents.elements, *bulk), key=lambda element: element.tag)
    for line in _lines((*contents.file_meta, *elements), "", values=values):
        print(line)


def _lines(elements: Sequence[dicom.Element], indent: str, *, values: bool) -> Iterator[str]:
    for element in elements:
        tag = f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})"
        shown = f" = {element.text()!r}" if values and element.items is None else ""
        yield f"{indent}{tag} {element.vr or '??'} {len(element.raw):>8} {element.keyword}{shown}".rstrip()
        for number, item in enumerate(element.items or (), 1):
            yield f"{indent}  item {number}"
            yield from _lines(item, indent + "    ", values=values)


def _localisation(path: Path) -> dicom.Localisation:
    try:
        given = json.loads(_read(path))
    except ValueError:
        _stop(f"{path} is not JSON.", WRONG_USE)
    texts = {field.name for field in dataclasses.fields(dicom.Localisation)} - {"coerced_at", "names_nobody"}
    fields: dict[str, Any] = dict.fromkeys(texts, "") | {
        "station_ae_title": "IMPORTAL",
        "software_version": __version__,
    }
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        _stop(f"{path} must hold one JSON object of texts.", WRONG_USE)
    unknown = sorted(set(given) - texts)
    if unknown:
        _stop(f"{path} has fields that are not known: {', '.join(unknown)}.", WRONG_USE)
    missing = [name for name in ("patient_id", "patient_name") if not given.get(name)]
    if missing:
        _stop(f"{path} lacks {' and '.join(missing)}.", WRONG_USE)
    return dicom.Localisation(**fields | given, coerced_at=datetime.now(UTC))


def _key(path: Path) -> bytes:
    key = _read(path)
    if len(key) < KEY_BYTES:
        _stop(f"{path} holds less than {KEY_BYTES} bytes; that is no secret.", WRONG_USE)
    return key


def _read(path: Path) -> bytes:
    with _readable(path) as file:
        return file.read()


@contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        _stop(f"{path} cannot be read: {error.strerror}.", WRONG_USE)
    with file:
        yield file


def _require_new(*targets: Path) -> None:
    for target in targets:
        if target.exists():
            _stop(f"{target} is there already. Nothing was written.", WRONG_USE)
        if not target.parent.is_dir():
            _stop(f"{target.parent} is no folder.", WRONG_USE)
    if len({target.resolve() for target in targets}) < len(targets):
        _stop("Object and reverse patch need two different files.", WRONG_USE)


def _write(target: Path, chunks: Iterable[bytes | memoryview]) -> None:
    with _pending(target) as (file, path):
        file.writelines(chunks)
        _publish((file, path, target))


@contextmanager
def _pending(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Give a file beside the target, readable for its owner only, which is gone afterwards in any case."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        _stop(f"{target} cannot be written: {error.strerror}.", WRONG_USE)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, path
    except OSError as error:
        _stop(f"{target} cannot be written: {error.strerror}. Nothing was written.", DECLINED)
    finally:
        path.unlink(missing_ok=True)


def _publish(*finished: tuple[BinaryIO, Path, Path]) -> None:
    """Give whole files their names, in order; all of them or none, and none that is there already."""
    done: list[Path] = []
    for file, _, _ in finished:
        file.flush()
        os.fsync(file.fileno())
    try:
        for _, path, target in finished:
            os.link(path, target)
            done.append(target)
    except OSError as error:
        for target in done:
            with suppress(OSError):
                target.unlink()
        _stop(f"{target} cannot be written: {error.strerror}. Nothing was written.", WRONG_USE)


def _print_remarks(repairs: Iterable[dicom.Repair], hits: Iterable[str]) -> None:
    for repair in repairs:
        print(f"mended: {repair.value.replace('_', ' ')}")
    for tag in hits:
        print(f"look at {tag}: an original identifier still stands in bytes that cannot be changed surely")


def _decline(source: Path, refused: dicom.Refused) -> NoReturn:
    _stop(f"{source}: {TABLE[f'dicom.{refused.reason}'].sentence} ({refused.reason})", DECLINED)


def _stop(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)

"""What of the files found is sent: images by patient and study, documents, and what is left out.

A preview only; the portal reads and judges for itself. In doubt a file is sent.
"""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

import pydicom

from importal import dicom
from importal.client import recognition
from importal.client.gathering import Gathered, LeftOut
from importal.client.sources import SourceFile, SourceUnreadable
from importal.dicom import documents

HEAD_BYTES = 128 * 1024
DEFLATED = b"1.2.840.10008.1.2.1.99"
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
# Discs bring viewers, their pages and their notes; a letter of the sender is none of these.
SYSTEM = re.compile(r"(thumbs\.db|desktop\.ini|\.ds_store|\._.*|autorun(\.\w+)?|icon\r?)", re.IGNORECASE)
SYSTEM_FOLDER = re.compile(
    r"(^|/)(__MACOSX|\$RECYCLE\.BIN|System Volume Information|\.git|IHE_PDI)/", re.IGNORECASE
)
NOTES = re.compile(
    r"(read ?[-_]?me|lies ?[-_]?mich|lisez ?[-_]?moi|licen[cs]e|copying|copyright|eula"
    r"|changes|changelog|version|lblprint|label|manual|help|user ?[-_]?guide|notice|install)([ _.-].*)?\.\w+",
    re.IGNORECASE,
)
# Copies of the images for people without a viewer.
COPY_FOLDER = re.compile(r"(^|/)(jpe?gs?|png|bmp|previews?|thumb\w*|icons?)/", re.IGNORECASE)
COPY_NAME = re.compile(r"[a-z]{0,4}_?\d{4,}\.\w+", re.IGNORECASE)
VIEWER_ENDINGS = frozenset(
    {".exe", ".dll", ".jar", ".msi", ".class", ".so", ".dylib", ".html", ".htm", ".css"}
)
_TAGS = [
    "SOPInstanceUID",
    "StudyInstanceUID",
    "PatientID",
    "IssuerOfPatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
]


@dataclass(frozen=True)
class Person:
    """Whom a file speaks of, as it says."""

    patient_id: str = field(repr=False)
    issuer: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: str = field(repr=False)
    # Often left out; a missing one makes nobody another person.
    sex: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True)
class Selected:
    """A file that is sent."""

    source: SourceFile
    role: Literal["instance", "document"]
    study_instance_uid: str | None = None
    # By this the portal recognises it when it is sent again.
    fingerprint: str = ""


@dataclass
class Selection:
    """What is sent, in order, and what is not; persons and studies as the images say."""

    files: list[Selected] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    persons: set[Person] = field(default_factory=set)
    studies: set[str] = field(default_factory=set)
    persons_of: dict[str, set[Person]] = field(default_factory=dict, repr=False)

    @property
    def instances(self) -> int:
        """How many images there are."""
        return sum(selected.role == "instance" for selected in self.files)

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.files) - self.instances

    @property
    def size(self) -> int:
        """Bytes of all files that are sent."""
        return sum(selected.source.size for selected in self.files)


def select(gathered: Gathered, on_file: Callable[[], None] = lambda: None) -> Selection:
    """Read the beginning of every file and return what is sent."""
    selection = Selection(left_out=list(gathered.left_out))
    letters: list[SourceFile] = []
    viewers = _folders_of_viewers(gathered.files)
    for file in gathered.files:
        on_file()
        try:
            head = file.read(0, min(file.size, HEAD_BYTES))
        except SourceUnreadable as unreadable:
            selection.left_out.append(LeftOut(file.path, unreadable.code))
            continue
        if dicom.looks_like_dicom(head):
            _add_instance(selection, file, head)
        elif not head:
            selection.left_out.append(LeftOut(file.path, "file.empty"))
        elif not documents.accepted(documents.recognise(head, file.path)):
            selection.left_out.append(LeftOut(file.path, "file.not_accepted"))
        elif _is_litter(file.path, viewers):
            selection.left_out.append(LeftOut(file.path, "file.viewer"))
        else:
            letters.append(file)
    # With one study there is no question where a letter belongs; otherwise the hospital decides.
    study = next(iter(selection.studies)) if len(selection.studies) == 1 else None
    is_disc = any(left.code == "file.media_directory" for left in selection.left_out)
    for file in letters:
        if is_disc and _is_copy(file.path):
            selection.left_out.append(LeftOut(file.path, "file.copy"))
        else:
            _add_file(selection, file, "document", study)
    return selection


def _add_instance(selection: Selection, file: SourceFile, head: bytes) -> None:
    header = _header(head)
    if header is None:
        _add_file(selection, file, "instance")
    elif header.is_media_directory:
        selection.left_out.append(LeftOut(file.path, "file.media_directory"))
    else:
        if header.study_instance_uid:
            selection.studies.add(header.study_instance_uid)
        if header.study_instance_uid and header.person is not None:
            selection.persons.add(header.person)
            selection.persons_of.setdefault(header.study_instance_uid, set()).add(header.person)
        if header.is_named_in(head[: recognition.INSTANCE_BYTES]):
            print_of_file = recognition.of_instance(file, head)
            selection.files.append(Selected(file, "instance", header.study_instance_uid, print_of_file))
        else:
            _add_file(selection, file, "instance", header.study_instance_uid)


def _add_file(
    selection: Selection,
    file: SourceFile,
    role: Literal["instance", "document"],
    study_instance_uid: str | None = None,
) -> None:
    try:
        print_of_file = recognition.of_file(file)
    except SourceUnreadable as unreadable:
        selection.left_out.append(LeftOut(file.path, unreadable.code))
    else:
        selection.files.append(Selected(file, role, study_instance_uid, print_of_file))


@dataclass(frozen=True)
class _Header:
    is_media_directory: bool
    study_instance_uid: str | None
    person: Person | None
    sop_instance_uid: str

    def is_named_in(self, beginning: bytes) -> bool:
        """Whether this part of the file tells the Instance from every other."""
        uid = self.sop_instance_uid.encode()
        return len(uid) > 0 and uid in beginning and (self.study_instance_uid or "").encode() in beginning


def _header(head: bytes) -> _Header | None:
    # To read an inflated header, all of it would have to be inflated: the portal does that within limits.
    if DEFLATED in head[:1024]:
        return None
    try:
        # Its warnings quote what stands in the file.
        with warnings.catch_warnings(action="ignore"):
            return _read_header(head)
    except Exception:  # noqa: BLE001 - whatever a damaged header does to the reader, the portal will judge it
        return None


def _read_header(head: bytes) -> _Header:
    found = pydicom.dcmread(io.BytesIO(head), stop_before_pixels=True, specific_tags=_TAGS, force=True)
    meta = getattr(found, "file_meta", None)
    kind = str(getattr(meta, "MediaStorageSOPClassUID", ""))
    uid = _text(found, "StudyInstanceUID")
    name = _text(found, "PatientName").casefold().strip("^ ")
    person = Person(
        _text(found, "PatientID"),
        _text(found, "IssuerOfPatientID"),
        name,
        _text(found, "PatientBirthDate"),
        _text(found, "PatientSex"),
    )
    is_uid = re.fullmatch(r"[0-9]+(\.[0-9]+)*", uid) is not None and len(uid) <= 64
    return _Header(
        kind == MEDIA_DIRECTORY,
        uid if is_uid else None,
        person if is_uid else None,
        _text(found, "SOPInstanceUID"),
    )


def _text(header: pydicom.Dataset, keyword: str) -> str:
    return str(header.get(keyword, "") or "").strip()


def _is_copy(path: str) -> bool:
    return bool(COPY_FOLDER.search(path) and COPY_NAME.fullmatch(PurePosixPath(path).name))


def _folders_of_viewers(files: Sequence[SourceFile]) -> set[PurePosixPath]:
    """Folders, below the one that was chosen, that hold programs or web pages."""
    paths = [PurePosixPath(file.path) for file in files]
    top = PurePosixPath()
    return {path.parent for path in paths if path.suffix.lower() in VIEWER_ENDINGS and path.parent != top}


def _is_litter(path: str, viewers: set[PurePosixPath]) -> bool:
    pure = PurePosixPath(path)
    if SYSTEM.fullmatch(pure.name) or SYSTEM_FOLDER.search(path) or NOTES.fullmatch(pure.name):
        return True
    is_letter = pure.suffix.lower() in {".pdf", ".docx", ".doc", ".odt", ".rtf", ".xml"}
    return not is_letter and any(folder in viewers for folder in pure.parents)

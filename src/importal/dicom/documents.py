"""What a file beside the images is, told by its content, and whether a hospital wants it.

The name only breaks ties where the content says nothing (text formats). Signatures: the formats' own
specifications; ZIP-based office formats name themselves in a first member (ODF 1.3 part 2, 3.3; ECMA-376-2).
"""

import re
from enum import StrEnum
from pathlib import PurePosixPath

from importal.dicom.surface_models import begins_as_stl


class DocumentKind(StrEnum):
    """The kinds the portal tells apart; `data`: images, signals and models in other formats than DICOM."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    HEIC = "heic"
    BMP = "bmp"
    GIF = "gif"
    WEBP = "webp"
    TEXT = "text"
    OFFICE = "office"
    CDA = "cda"
    STL = "stl"
    DATA = "data"
    XML = "xml"
    WEB_PAGE = "web_page"
    ARCHIVE = "archive"
    PROGRAM = "program"
    MEDIA = "media"
    UNKNOWN = "unknown"


_TOLD_BY_NAME = frozenset({DocumentKind.TEXT, DocumentKind.UNKNOWN, DocumentKind.ARCHIVE})
"""What the content leaves open: text and bytes of other formats, and packed ones."""

HEAD_BYTES = 4096
"""So much of a file's beginning is enough; less works, with less certainty."""

_PICTURES = frozenset(
    {
        DocumentKind.JPEG,
        DocumentKind.PNG,
        DocumentKind.TIFF,
        DocumentKind.HEIC,
        DocumentKind.BMP,
        DocumentKind.GIF,
        DocumentKind.WEBP,
    }
)
_DELIVERABLE = _PICTURES | {DocumentKind.PDF, DocumentKind.TEXT, DocumentKind.CDA, DocumentKind.STL}
_ACCEPTED = _DELIVERABLE | {DocumentKind.OFFICE, DocumentKind.DATA}
_MEDIA_TYPES = {
    DocumentKind.PDF: "application/pdf",
    DocumentKind.JPEG: "image/jpeg",
    DocumentKind.PNG: "image/png",
    DocumentKind.TIFF: "image/tiff",
    DocumentKind.HEIC: "image/heic",
    DocumentKind.BMP: "image/bmp",
    DocumentKind.GIF: "image/gif",
    DocumentKind.WEBP: "image/webp",
    DocumentKind.TEXT: "text/plain",
    DocumentKind.CDA: "application/xml",
    DocumentKind.STL: "model/stl",
    DocumentKind.XML: "application/xml",
}

_SIGNATURES: tuple[tuple[bytes, DocumentKind], ...] = (
    (b"\xff\xd8\xff", DocumentKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", DocumentKind.PNG),
    (b"GIF87a", DocumentKind.GIF),
    (b"GIF89a", DocumentKind.GIF),
    (b"II*\0", DocumentKind.TIFF),
    (b"MM\0*", DocumentKind.TIFF),
    (b"II+\0", DocumentKind.TIFF),
    (b"MM\0+", DocumentKind.TIFF),
    (b"{\\rtf", DocumentKind.OFFICE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DocumentKind.OFFICE),
    (b"7z\xbc\xaf\x27\x1c", DocumentKind.ARCHIVE),
    (b"Rar!\x1a\x07", DocumentKind.ARCHIVE),
    (b"\x1f\x8b", DocumentKind.ARCHIVE),
    (b"\x1f\x9d", DocumentKind.ARCHIVE),
    (b"BZh", DocumentKind.ARCHIVE),
    (b"\xfd7zXZ\0", DocumentKind.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", DocumentKind.ARCHIVE),
    (b"MSCF\0\0\0\0", DocumentKind.ARCHIVE),
    (b"\x7fELF", DocumentKind.PROGRAM),
    (b"\xfe\xed\xfa\xce", DocumentKind.PROGRAM),
    (b"\xfe\xed\xfa\xcf", DocumentKind.PROGRAM),
    (b"\xce\xfa\xed\xfe", DocumentKind.PROGRAM),
    (b"\xcf\xfa\xed\xfe", DocumentKind.PROGRAM),
    (b"\xca\xfe\xba\xbe", DocumentKind.PROGRAM),
    (b"\0asm", DocumentKind.PROGRAM),
    (b"L\0\0\0\x01\x14\x02\0", DocumentKind.PROGRAM),  # shell link
    (b"#!", DocumentKind.PROGRAM),
    (b"\x5c\x01\0\0", DocumentKind.DATA),  # NIfTI-1, Analyze 7.5
    (b"\0\0\x01\x5c", DocumentKind.DATA),
    (b"\x1c\x02\0\0n+2\0", DocumentKind.DATA),  # NIfTI-2
    (b"\0\0\x02\x1cn+2\0", DocumentKind.DATA),
    (b"CDF\x01", DocumentKind.DATA),  # MINC
    (b"\x89HDF\r\n\x1a\n", DocumentKind.DATA),
    (b"NRRD000", DocumentKind.DATA),
    (b"MATRIX7", DocumentKind.DATA),  # ECAT 7
    (b"ID3", DocumentKind.MEDIA),
    (b"OggS", DocumentKind.MEDIA),
    (b"\x1aE\xdf\xa3", DocumentKind.MEDIA),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_PROGRAM_NAMES = frozenset(
    [
        ".exe",
        ".com",
        ".dll",
        ".sys",
        ".scr",
        ".msi",
        ".bat",
        ".cmd",
        ".vbs",
        ".vbe",
        ".js",
        ".jse",
        ".mjs",
        ".wsf",
        ".ps1",
        ".psm1",
        ".jar",
        ".class",
        ".app",
        ".sh",
        ".bash",
        ".py",
        ".pl",
        ".lnk",
        ".inf",
        ".reg",
        ".cpl",
        ".hta",
        ".ocx",
        ".so",
        ".dylib",
        ".command",
        ".dmg",
        ".deb",
        ".rpm",
        ".apk",
    ]
)
_WEB_NAMES = frozenset({".htm", ".html", ".xhtml", ".css", ".svg"})
_OFFICE_NAMES = frozenset(
    [
        ".doc",
        ".docx",
        ".docm",
        ".odt",
        ".ods",
        ".odp",
        ".rtf",
        ".xls",
        ".xlsx",
        ".xlsm",
        ".ppt",
        ".pptx",
        ".pptm",
        ".pages",
    ]
)
_ARCHIVE_NAMES = frozenset(
    [
        ".zip",
        ".7z",
        ".rar",
        ".tar",
        ".gz",
        ".tgz",
        ".bz2",
        ".xz",
        ".zst",
        ".iso",
        ".img",
        ".cab",
        ".arj",
        ".lzh",
        ".z",
        ".nrg",
        ".bin",
    ]
)
_DATA_NAMES = frozenset(
    [
        *(".nii", ".hdr", ".mgh", ".mgz", ".mnc", ".nrrd", ".nhdr", ".mha", ".mhd", ".par", ".rec", ".v"),
        *(".edf", ".bdf", ".scp", ".obj", ".mtl", ".ply", ".3mf", ".vtk", ".gii"),
    ]
)
_PACKED_DATA = (".nii.gz", ".mgz", ".mgh.gz")
_TEXT_NAMES = frozenset({".txt", ".text", ".md", ".csv", ".log"})
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|script|svg)[\s>]", re.IGNORECASE)
_CDA = re.compile(rb"<([A-Za-z0-9_.-]+:)?ClinicalDocument[\s>]")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ISO_MARK, _TAR_MARK_AT = b"CD001", 257


def recognise(head: bytes, name: str) -> DocumentKind:
    """Tell the kind of a file.

    Args:
        head: the beginning of the file, best HEAD_BYTES or more; an ISO image needs 32 774 bytes to be told.
        name: its name or path; only its extension is used, and only where content leaves doubt.
    """
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    kind = _by_signature(head, suffix) or _by_text(head, suffix)
    if kind in _TOLD_BY_NAME and _is_data(head, name.lower(), suffix):
        return DocumentKind.DATA
    if kind in _TOLD_BY_NAME and begins_as_stl(head, name):
        return DocumentKind.STL
    return kind


def _is_data(head: bytes, name: str, suffix: str) -> bool:
    if head[:2] == b"\x1f\x8b":
        return name.endswith(_PACKED_DATA)
    return suffix in _DATA_NAMES and bool(head)


def accepted(kind: DocumentKind) -> bool:
    """Return whether a hospital wants such a file beside the images."""
    return kind in _ACCEPTED


def deliverable(kind: DocumentKind) -> bool:
    """Return whether it can become a DICOM object; the other accepted ones stay at the desk."""
    return kind in _DELIVERABLE


def is_picture(kind: DocumentKind) -> bool:
    """Return whether it is a picture."""
    return kind in _PICTURES


def media_type(kind: DocumentKind) -> str:
    """Return the media type under which it may be handed out; what browsers could run is plain bytes."""
    return _MEDIA_TYPES.get(kind, "application/octet-stream")


def _by_signature(head: bytes, suffix: str) -> DocumentKind | None:
    if head[:4] == b"RIFF":
        return DocumentKind.WEBP if head[8:12] == b"WEBP" else DocumentKind.MEDIA
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            # An installer is an OLE document, like an old office file.
            return DocumentKind.PROGRAM if suffix in _PROGRAM_NAMES else kind
    return _by_structure(head, suffix)


def _by_structure(head: bytes, suffix: str) -> DocumentKind | None:
    """Tell formats whose sign is not simply at the beginning."""
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"}:
        return _zip_kind(head, suffix)
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[i : i + 4] for i in range(16, min(64, len(head) - 3), 4))}
        return DocumentKind.HEIC if brands & _HEIC_BRANDS else DocumentKind.MEDIA
    signs = {
        DocumentKind.PROGRAM: head[:2] == b"MZ" and (b"\0" in head[:1024] or suffix in _PROGRAM_NAMES),
        DocumentKind.BMP: head[:2] == b"BM" and head[6:10] == b"\0\0\0\0",
        # Readers of PDF accept the mark within the first 1024 bytes (ISO 32000-1 Annex H, note 13).
        DocumentKind.PDF: b"%PDF-" in head[:1024],
        DocumentKind.ARCHIVE: head[_TAR_MARK_AT:][:5] == b"ustar" or head[0x8001:0x8006] == _ISO_MARK,
    }
    return next((kind for kind, found in signs.items() if found), None)


def _zip_kind(head: bytes, suffix: str) -> DocumentKind:
    """An office document names itself in its first members; a Java archive has a manifest."""
    if b"[Content_Types].xml" in head or b"mimetypeapplication/vnd.oasis.opendocument" in head:
        return DocumentKind.OFFICE
    if b"META-INF/" in head[:512] or b"classes.dex" in head or suffix in {".jar", ".apk"}:
        return DocumentKind.PROGRAM
    if suffix in _OFFICE_NAMES and (b"word/" in head or b"xl/" in head or b"ppt/" in head):
        return DocumentKind.OFFICE
    return DocumentKind.ARCHIVE


def _by_text(head: bytes, suffix: str) -> DocumentKind:
    text = _as_ascii(head)
    if suffix in _PROGRAM_NAMES or (text and re.match(rb"\s*\[autorun\]", text, re.IGNORECASE)):
        return DocumentKind.PROGRAM
    if text is None:
        return DocumentKind.ARCHIVE if suffix in _ARCHIVE_NAMES else DocumentKind.UNKNOWN
    marked = _markup_kind(text, suffix)
    if marked is not None:
        return marked
    # What its name calls an archive or office file and is neither, is not what it says.
    honest = suffix not in _ARCHIVE_NAMES and suffix not in _OFFICE_NAMES
    return (
        DocumentKind.TEXT
        if honest and text.strip() and _reads_as_text(head, suffix)
        else DocumentKind.UNKNOWN
    )


def _markup_kind(text: bytes, suffix: str) -> DocumentKind | None:
    if _CDA.search(text):
        return DocumentKind.CDA
    if _HTML.search(text[:1024]) or suffix in _WEB_NAMES:
        return DocumentKind.WEB_PAGE
    if text.lstrip()[:5] == b"<?xml" or suffix == ".xml":
        return DocumentKind.XML
    return None


def _as_ascii(head: bytes) -> bytes | None:
    """Return the head with one byte per sign where that can be had, or None when it is not text."""
    if head.startswith(_UTF16_MARKS):
        return head[2:].replace(b"\0", b"")
    if b"\0" in head:
        return None
    controls = sum(1 for byte in head if byte < 0x20 and byte not in b"\t\n\r\f\x1b")
    return None if controls * 50 > len(head) else head.removeprefix(b"\xef\xbb\xbf")


def _reads_as_text(head: bytes, suffix: str) -> bool:
    """UTF-8 and UTF-16 prove themselves; other encodings need a telling name or mostly letters."""
    if head.startswith(_UTF16_MARKS):
        return True
    try:
        head[: max(1, len(head) - 3)].decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut may fall inside a sign.
        if len(head) - error.start <= 3:
            return True
    else:
        return True
    letters = sum(1 for byte in head if 0x20 <= byte < 0x7F or byte in b"\t\n\r")
    return suffix in _TEXT_NAMES or letters * 10 >= len(head) * 7

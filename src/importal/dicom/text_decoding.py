"""The characters of a text file whose encoding nobody noted.

What proves itself comes first: a byte order mark, the escapes of ISO 2022, valid UTF-8. Windows-1252 is taken
where all special letters are those of one Western language. Encodings of East Asia show in their structure.
For the rest charset-normalizer judges by the language. Where nothing is sure the text is refused: a report
with other letters than the writer's is worse than none.
"""

import codecs
import re

import charset_normalizer

from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.text_east_asian import east_asian

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPES = (
    (re.compile(rb"\x1b\$[@B]|\x1b\([JI]"), "iso2022_jp_2"),
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
)
_LANGUAGES = tuple(
    frozenset(letters)
    for letters in (
        "äöüßéèàçôê",  # German, with the words it borrows
        "àâæçéèêëîïôœùûüÿ",  # French
        "àèéìíîòóùú",  # Italian
        "áéíóúüñç",  # Spanish
        "áâãàçéêíóôõúü",  # Portuguese
        "åäöæøéüó",  # Danish, Norwegian, Swedish, Finnish
        "áéíóúýðþæö",  # Icelandic
        "áéëèêïíóöüúç",  # Dutch
    )
)
_SIGNS = frozenset("€‚„…†‡‰‹›‘’“”•–—™¡¢£¥§©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿×÷\xa0\xad")
# Letters of other scripts come in runs, and their bytes are signs of Windows-1252 in the midst of words.
_FOREIGN = re.compile(r"[^\x00-\x7f\W\d_]{3}|[^\W\d_][¡¢£¥§©¬®¯°±²³´¶¸¹¼½¾¿×÷][^\W\d_]")
_FEW_SIGNS = 40
_LEAST_COHERENCE, _MOST_CHAOS, _TIE = 0.2, 0.1, 0.02


def decode_text(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding.

    Raises:
        DocumentRefused: the encoding cannot be told, or is not what the file begins with.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding), encoding.removesuffix("-sig").upper()
    for escape, encoding in _ESCAPES:
        if escape.search(content):
            return _decoded(content, encoding), "ISO-2022"
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    if _is_western(content):
        return content.decode("cp1252"), "Windows-1252"
    return east_asian(content) or _by_language(content)


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        raise DocumentRefused(DocumentFlaw.UNKNOWN_ENCODING) from error


def _is_western(content: bytes) -> bool:
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return False
    special = {sign.lower() for sign in text if ord(sign) > 0x7F} - _SIGNS
    return any(special <= letters for letters in _LANGUAGES) and not _FOREIGN.search(text)


def _by_language(content: bytes) -> tuple[str, str]:
    """Ask charset-normalizer; where two readings are as good as each other nothing is known."""
    if sum(byte > 0x7F for byte in content) < _FEW_SIGNS:
        raise DocumentRefused(DocumentFlaw.UNKNOWN_ENCODING)
    found = charset_normalizer.from_bytes(content)
    best = found.best()
    if best is None or best.coherence < _LEAST_COHERENCE or best.chaos > _MOST_CHAOS:
        raise DocumentRefused(DocumentFlaw.UNKNOWN_ENCODING)
    as_good = [one for one in found if one.chaos <= best.chaos and one.coherence > best.coherence - _TIE]
    if any(str(one) != str(best) for one in as_good):
        raise DocumentRefused(DocumentFlaw.UNKNOWN_ENCODING)
    return str(best), best.encoding

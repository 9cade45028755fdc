"""A text file as a PDF of A4 pages, laid out by fpdf2, shaped by HarfBuzz, with every sign's font inside.

In a font of one width, so that columns stay columns; lines that are too long are broken, those of scripts
from the right stand right. The foot of each page says how the file was read.
"""

import logging
import re
import unicodedata
import warnings
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import TTFFont

from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.text_decoding import decode_text
from importal.dicom.text_fonts import BASE, fonts_for, missing_from_base

# Their messages quote what stands in the text.
for _name in ("fpdf", "fontTools"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

MOST_TEXT_BYTES = 500_000
"""Some 200 pages; longer files are tables for a machine, and stay as they are."""

_MOST_PAGES = 1_000
_SIZE, _LINE_HEIGHT, _FOOT_SIZE = 9.5, 4.4, 7
_MARGIN = 18
_TAB = 8
_FIXED = datetime(2000, 1, 1, tzinfo=UTC)
"""The same text gives the same bytes, whenever it is laid out."""

_CONTROLS = re.compile(r"[\x00-\x09\x0b\x0d-\x1f\x7f-\x9f\ufeff]")
_FROM_RIGHT = frozenset({"R", "AL"})
_STRONG = _FROM_RIGHT | {"L"}


def text_as_pdf(content: bytes, title: str) -> bytes:
    """Lay a text file out as a PDF.

    Raises:
        DocumentRefused: its encoding cannot be told, this machine has no font for it, or it is too long.
    """
    if len(content) > MOST_TEXT_BYTES:
        raise DocumentRefused(DocumentFlaw.TOO_LARGE)
    text, encoding = decode_text(content)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    text = _CONTROLS.sub(lambda found: "\t" if found.group() == "\t" else "", text).expandtabs(_TAB)
    pages = _Pages(title, encoding, text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for number, sheet in enumerate(text.split("\f")):
                if number:
                    pages.add_page()
                for line in sheet.split("\n"):
                    pages.add_line(line)
            return bytes(pages.output())
        finally:
            pages.close_fonts()


class _Pages(FPDF):
    """The pages while they are written."""

    def __init__(self, title: str, encoding: str, text: str) -> None:
        super().__init__(format="A4")
        others = fonts_for(missing_from_base(text + title))
        if others is None:
            # A name that cannot be shown is no reason to lose the text.
            title, others = "", fonts_for(missing_from_base(text))
        if others is None:
            raise DocumentRefused(DocumentFlaw.NO_FONT)
        self._head, self._encoding = title, encoding
        self.set_creation_date(_FIXED)
        self.set_title(title)
        self.set_producer("Importal")
        self.add_font("base", fname=BASE)
        for number, font in enumerate(others):
            self.add_font(f"other{number}", fname=font.path, collection_font_number=font.number)
        self.set_fallback_fonts([f"other{number}" for number in range(len(others))], exact_match=False)
        self.set_text_shaping(use_shaping_engine=bool(others) or any(ord(sign) > 0x24F for sign in text))
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.alias_nb_pages("{pages}")
        self.set_font("base", size=_SIZE)
        self.add_page()

    def close_fonts(self) -> None:
        """Let the font files go; the library leaves that to the garbage collector."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def footer(self) -> None:
        """Write under each page what it is, how it was read, and its number."""
        self.set_y(-_MARGIN + 4)
        self.set_font("base", size=_FOOT_SIZE)
        head = self._head if len(self._head) <= 60 else f"{self._head[:59]}…"
        self.cell(0, 4, f"{head} · {self._encoding} · {self.page_no()}/{{pages}}", align="C")
        self.set_font("base", size=_SIZE)

    def add_line(self, line: str) -> None:
        """Write one line of the file, broken where it is too long."""
        if self.page_no() > _MOST_PAGES:
            raise DocumentRefused(DocumentFlaw.TOO_LARGE)
        if not line.strip():
            if self.will_page_break(_LINE_HEIGHT):
                self.add_page()
            self.ln(_LINE_HEIGHT)
            return
        align = "R" if _begins_from_right(line) else "L"
        self.multi_cell(
            0,
            _LINE_HEIGHT,
            line.rstrip(),
            align=align,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
            wrapmode=WrapMode.WORD,
        )


def _begins_from_right(line: str) -> bool:
    strong = next((kind for sign in line if (kind := unicodedata.bidirectional(sign)) in _STRONG), "L")
    return strong in _FROM_RIGHT

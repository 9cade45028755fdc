"""Papers and pictures beside the images on a sample disc: reports as PDF, a photo, a viewer's litter."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image

LITTER = {
    "AUTORUN.INF": b"[autorun]\r\nopen=VIEWER\\START.EXE\r\nicon=VIEWER\\START.EXE,0\r\n",
    "VIEWER/START.EXE": b"MZ\x90\x00"
    + b"\0" * 60
    + b"This stands for a viewer program and does nothing.\r\n",
    "VIEWER/VIEWER.DLL": b"MZ\x90\x00" + b"\0" * 60 + b"This stands for a program library.\r\n",
    "VIEWER/HELP/INDEX.HTM": b"<!DOCTYPE html><html><body><p>Start START.EXE.</p></body></html>",
    "README.TXT": b"This disc holds medical images. To view them start the viewer.\r\n",
}
"""What hospital discs carry along."""


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """Return a one-page PDF of plain text (ISO 32000-1), encoded in Windows-1252."""
    text = ["BT /F1 16 Tf 60 780 Td 20 TL", f"({_escaped(title)}) Tj T* /F1 11 Tf T*"]
    text += [f"({_escaped(line)}) Tj T*" for line in lines]
    stream = "\n".join([*text, "ET"]).encode("cp1252", "replace")
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    return (
        out
        + head
        + table
        + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(bodies) + 1,
            len(out),
        )
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def skin_photo(seed: int) -> bytes:
    """Return a JPEG as from a phone: skin with a mole and a ruler, stored on its side as EXIF says."""
    random, height, width = np.random.default_rng(seed), 900, 1200
    y, x = np.mgrid[0:height, 0:width]
    light = 1.0 - 0.25 * np.hypot(x - 500, y - 350) / 900
    pores = random.normal(0, 1, (height // 3, width // 3)).repeat(3, 0).repeat(3, 1)
    skin = np.array([224, 176, 150])[None, None, :] * light[..., None] + 3.5 * pores[..., None]
    around = np.arctan2(y - 470, x - 620)
    edge = 1 + 0.12 * np.sin(5 * around) + 0.05 * np.sin(11 * around)
    mole = np.clip(1.15 - np.hypot((x - 620) / 95, (y - 470) / 70) / edge, 0, 0.25) * 4
    skin = skin * (1 - mole[..., None]) + np.array([84, 50, 40])[None, None, :] * mole[..., None]
    ruler = y > 780
    skin[ruler] = (236, 236, 228)
    skin[ruler & (x % 40 < 3) & (y < 820 + 25 * (x % 200 < 3))] = (30, 30, 30)
    picture = Image.fromarray(np.clip(skin, 0, 255).astype(np.uint8), "RGB").transpose(
        Image.Transpose.ROTATE_90
    )
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Example"
    exif[ExifTags.Base.Model] = "Phone"
    exif[ExifTags.Base.Orientation] = 6
    out = BytesIO()
    picture.save(out, format="JPEG", quality=88, exif=exif)
    return out.getvalue()

"""Pages, motion, bounds and the standard: what a picture file holds becomes the object that fits it."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from importal.demo.sample_documents import skin_photo
from importal.dicom.documents import DocumentKind, recognise
from importal.dicom.encapsulation import DocumentRefused, sop_classes_of
from tests.corpus import corpus_path
from tests.peers import require_peer
from tests.unit.imaging.making import complaints, encoded, exif_of, gradient, image, made, read
from tests.unit.imaging.test_pictures import COLOUR_PAGES, DEEP_PAGES, GREY_PAGES

# --- Pages and motion


@pytest.mark.parametrize("compression", ["group3", "group4", "packbits", "tiff_lzw", "tiff_adobe_deflate"])
def test_a_fax_of_one_bit_is_black_on_white(compression):
    page = Image.new("1", (64, 32), 1)
    page.paste(0, (0, 0, 16, 16))
    data = image(encoded(page, "TIFF", compression=compression), DocumentKind.TIFF)
    assert (data.PhotometricInterpretation, data.BitsStored) == ("MONOCHROME2", 8)
    assert (data.pixel_array[4, 4], data.pixel_array[28, 60]) == (0, 255)


def test_a_fax_of_low_resolution_says_that_its_pixels_are_tall():
    page = Image.new("1", (1728, 1100), 1)
    data = image(encoded(page, "TIFF", compression="group3", dpi=(204, 98)), DocumentKind.TIFF)
    assert [int(part) for part in data.PixelAspectRatio] == [204, 98]
    square = encoded(page, "TIFF", compression="group3", dpi=(204, 204))
    assert "PixelAspectRatio" not in image(square, DocumentKind.TIFF)


def test_pages_become_frames_of_the_class_that_fits():
    def pages(*given: Image.Image):
        return image(encoded(given[0], "TIFF", save_all=True, append_images=given[1:]), DocumentKind.TIFF)

    grey = pages(gradient().convert("L"), gradient(shift=9).convert("1"))
    deep = pages(*(Image.fromarray(np.full((8, 8), value, dtype=np.uint16)) for value in (500, 60_000)))
    colour = pages(gradient(), gradient(30, 20).convert("L"))
    assert [grey.SOPClassUID, deep.SOPClassUID, colour.SOPClassUID] == [GREY_PAGES, DEEP_PAGES, COLOUR_PAGES]
    assert deep.pixel_array[:, 0, 0].tolist() == [500, 60_000]
    assert [int(number) for number in colour.PageNumberVector] == [1, 2]
    assert (grey.pixel_array[0] != grey.pixel_array[1]).any()
    assert colour.pixel_array[1, 39, 59].tolist() == [255, 255, 255]  # beside the smaller page there is paper


def test_a_small_copy_of_a_page_is_no_page():
    out = io.BytesIO()
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[254] = 1
    with TiffImagePlugin.AppendingTiffWriter(out) as pages:
        gradient().save(pages, format="TIFF")
        pages.newFrame()
        gradient(30, 20).save(pages, format="TIFF", tiffinfo=info)
    data = image(out.getvalue(), DocumentKind.TIFF)
    assert int(data.get("NumberOfFrames", 1)) == 1


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("shown_for", "pointer"), [([80, 80, 80], "FrameTime"), ([80, 200, 80], "FrameTimeVector")]
)
def test_a_moving_picture_keeps_its_frames_and_their_time(form, shown_for, pointer):
    options = {"lossless": True} if form == "WEBP" else {}
    others = [gradient(shift=60), gradient(shift=120)]
    document = encoded(gradient(), form, save_all=True, append_images=others, duration=shown_for, **options)
    data = image(document, DocumentKind(form.lower()))
    assert (data.SOPClassUID, data.NumberOfFrames) == (COLOUR_PAGES, 3)
    times = (
        [float(data.FrameTime)] * 3
        if pointer == "FrameTime"
        else [float(time) for time in data.FrameTimeVector]
    )
    assert times == ([80.0] * 3 if pointer == "FrameTime" else [0.0, 80.0, 200.0])


def test_a_jpeg_inside_a_tiff_is_known_as_lossy():
    data = image(encoded(gradient(), "TIFF", compression="jpeg"), DocumentKind.TIFF)
    assert (data.LossyImageCompression, data.LossyImageCompressionMethod) == ("01", "ISO_10918_1")


def tiff_of(tags: dict[int, tuple[int, int]], data: bytes) -> bytes:
    """A TIFF written by hand: one page, each tag with one value (type, value), then the data at 8."""
    entries = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(tags.items())
    )
    return (
        b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)
    )


def test_a_tiled_tiff_is_put_together():
    tile = np.arange(256, dtype=np.uint8).reshape(16, 16)
    page = tiff_of(
        {
            256: (4, 12), 257: (4, 10), 258: (3, 8), 259: (3, 1), 262: (3, 1), 277: (3, 1),
            322: (4, 16), 323: (4, 16), 324: (4, 8), 325: (4, 256),
        },
        tile.tobytes(),
    )  # fmt: skip
    data = image(page, DocumentKind.TIFF)
    assert data.pixel_array.tolist() == tile[:10, :12].tolist()


def test_a_tiff_with_the_jpeg_of_its_first_edition_is_read_or_refused():
    """Compression 6 (TIFF 6.0 section 22, withdrawn) is read by some decoders only."""
    inside = encoded(gradient(64, 48), "JPEG")
    page = tiff_of(
        {
            256: (4, 64), 257: (4, 48), 258: (3, 8), 259: (3, 6), 262: (3, 6), 273: (4, 8), 277: (3, 3),
            278: (4, 48), 279: (4, len(inside)), 513: (4, 8), 514: (4, len(inside)),
        },
        inside,
    )  # fmt: skip
    try:
        data = image(page, DocumentKind.TIFF)
    except DocumentRefused as refused:
        assert refused.code == "document.broken"
    else:
        assert np.abs(data.pixel_array.astype(int) - np.asarray(gradient(64, 48), dtype=int)).mean() < 12


# --- Bounds


def test_a_page_that_unfolds_behind_a_small_one_is_seen(monkeypatch):
    monkeypatch.setattr("importal.dicom.document_inspection.MOST_PIXELS", 5_000)
    pages = encoded(gradient(20, 20), "TIFF", save_all=True, append_images=[gradient(200, 200)])
    with pytest.raises(DocumentRefused) as refused:
        made(pages, DocumentKind.TIFF)
    assert refused.value.code == "document.too_large"


def test_a_picture_that_dicom_has_no_number_for_is_refused():
    document = encoded(Image.new("L", (65_536, 1)), "PNG")
    with pytest.raises(DocumentRefused) as refused:
        made(document, DocumentKind.PNG)
    assert refused.value.code == "document.too_large"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "GIF", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.97])
def test_a_picture_that_was_cut_off_is_refused_and_nothing_else_happens(form, share):
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    whole = encoded(Image.fromarray(noise), form)
    with pytest.raises(DocumentRefused) as refused:
        made(whole[: int(len(whole) * share)], DocumentKind(form.lower()))
    assert refused.value.code == "document.broken"


def test_a_plain_jpeg_under_a_wrong_name_is_told_by_its_content():
    document = corpus_path("documents", "pictures", "jpeg-named.png").read_bytes()
    kind = recognise(document, "jpeg-named.png")
    assert (kind, image(document, kind).Rows) == (DocumentKind.JPEG, 60)


# --- The standard


def cases() -> dict[str, tuple[bytes, DocumentKind]]:
    grey = gradient().convert("L")
    deep = Image.fromarray(np.full((8, 8), 500, dtype=np.uint16))
    moving = {"save_all": True, "append_images": [gradient(shift=60)]}
    return {
        "photo": (skin_photo(1), DocumentKind.JPEG),
        "photo as it is": (encoded(gradient(), "JPEG", exif=exif_of(make="Maker")), DocumentKind.JPEG),
        "photo 4:4:4": (
            encoded(gradient(), "JPEG", exif=exif_of(make="Maker"), subsampling=0),
            DocumentKind.JPEG,
        ),
        "grey photo": (encoded(grey, "JPEG", exif=exif_of(make="Maker")), DocumentKind.JPEG),
        "jpeg": (encoded(gradient(), "JPEG"), DocumentKind.JPEG),
        "jpeg 4:4:4": (encoded(gradient(), "JPEG", subsampling=0), DocumentKind.JPEG),
        "grey": (encoded(grey, "PNG"), DocumentKind.PNG),
        "16 bit": (encoded(deep, "PNG"), DocumentKind.PNG),
        "fax": (encoded(grey.convert("1"), "TIFF", compression="group4", dpi=(204, 98)), DocumentKind.TIFF),
        "grey pages": (encoded(grey, "TIFF", save_all=True, append_images=[grey]), DocumentKind.TIFF),
        "deep pages": (encoded(deep, "TIFF", save_all=True, append_images=[deep]), DocumentKind.TIFF),
        "colour pages": (encoded(gradient(), "TIFF", **moving), DocumentKind.TIFF),
        "even motion": (encoded(gradient(), "GIF", duration=80, **moving), DocumentKind.GIF),
        "uneven motion": (encoded(gradient(), "GIF", duration=[80, 90], **moving), DocumentKind.GIF),
        "webp": (encoded(gradient(), "WEBP"), DocumentKind.WEBP),
        "bmp": (encoded(gradient(), "BMP"), DocumentKind.BMP),
    }


@pytest.mark.parametrize("case", list(cases()))
def test_an_independent_validator_accepts_every_kind_of_picture(case, tmp_path):
    require_peer("dciodvfy")
    document, kind = cases()[case]
    content = made(document, kind)
    assert complaints(content, tmp_path) == []
    assert content == made(document, kind)
    assert read(content).SOPClassUID in sop_classes_of(kind)
    assert read(content).pixel_array.size


def test_every_picture_of_the_corpus_becomes_an_image_or_says_why_not(tmp_path):
    refused = {}
    for path in sorted(corpus_path("documents", "pictures").iterdir()) + sorted(
        corpus_path("documents", "heic").iterdir()
    ):
        document = path.read_bytes()
        kind = recognise(document, path.name)
        if kind is DocumentKind.WEB_PAGE:
            continue
        try:
            content = made(document, kind)
        except DocumentRefused as error:
            refused[path.name] = error.code
        else:
            assert complaints(content, tmp_path) == [], path.name
    assert refused == {
        "900-megapixel.png": "document.too_large",
        "cut.jpg": "document.broken",
        "corrupted.heic": "document.broken",
        "truncated.heic": "document.broken",
    }

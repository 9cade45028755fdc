"""Pictures of every common making become DICOM images that look the same, and say nothing of their maker."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms

from importal.dicom.documents import DocumentKind, recognise
from importal.dicom.encapsulation import DocumentRefused
from importal.dicom.jpeg_segments import clean_baseline
from tests.corpus import corpus_path
from tests.unit.imaging.making import corner, encoded, exif_of, gradient, image, made

SINGLE, GREY_PAGES, DEEP_PAGES, COLOUR_PAGES, PHOTO = (
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3",
    "1.2.840.10008.5.1.4.1.1.7.4",
    "1.2.840.10008.5.1.4.1.1.77.1.4",
)


def shown(data) -> np.ndarray:
    """The pixels as RGB, however they are stored."""
    samples = data.pixel_array
    return np.asarray(samples if samples.ndim == 3 else np.stack([samples] * 3, -1), dtype=int)


def stored_for(orientation: int) -> Image.Image:
    """The picture as a camera held in this way stores it, so that upright again it is `corner()`."""
    undo = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    return corner() if undo is None else corner().transpose(undo)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_stands_upright_however_the_camera_was_held(form, orientation):
    options = {"quality": 95} if form in {"JPEG", "WEBP"} else {}
    document = encoded(stored_for(orientation), form, exif=exif_of(orientation), **options)
    data = image(document, DocumentKind(form.lower()))
    assert (data.Columns, data.Rows) == (64, 32)
    pixels = shown(data)
    red, blue = pixels[4, 4], pixels[28, 60]
    assert (red[0] > 200, red[2] < 60, blue[2] > 200, blue[0] < 60) == (True, True, True, True)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_heic_photo_stands_upright(orientation):
    out = io.BytesIO()
    heif = pillow_heif.from_pillow(stored_for(orientation))
    heif.save(out, quality=95, exif=exif_of(orientation).tobytes())
    data = image(out.getvalue(), DocumentKind.HEIC)
    # The library turns the picture itself where the file says so in its own boxes, and says upright then.
    assert (data.Columns, data.Rows) == (64, 32)
    assert shown(data)[4, 4][0] > 180


def test_the_pictures_of_one_heic_file_become_the_frames_of_one_object():
    out = io.BytesIO()
    heif = pillow_heif.HeifFile()
    for shift in (0, 90):
        heif.add_from_pillow(gradient(64, 64, shift))
    heif.save(out, quality=90)
    data = image(out.getvalue(), DocumentKind.HEIC)
    assert (data.SOPClassUID, data.NumberOfFrames) == (COLOUR_PAGES, 2)
    assert (data.LossyImageCompression, data.LossyImageCompressionMethod) == ("01", "ISO_23008_2")


@pytest.mark.parametrize(
    "name", ["phone-photo-arrow.heic", "exif-xmp-iptc.heic", "rgb-10bit.heif", "small-rgb.heif"]
)
def test_a_single_heic_picture_is_a_photo(name):
    data = image(corpus_path("documents", "heic", name).read_bytes(), DocumentKind.HEIC)
    assert data.SOPClassUID == PHOTO


def test_nothing_that_a_camera_noted_is_in_the_object():
    document = corpus_path("documents", "heic", "exif-xmp-iptc.heic").read_bytes()
    content = made(document, DocumentKind.HEIC)
    assert b"SONY" in document
    assert b"SONY" not in content
    photo = corpus_path("documents", "pictures", "court-exif.jpg").read_bytes()
    content = made(photo, DocumentKind.JPEG)
    assert not [word for word in (b"NIKON", b"Photoshop", b"http://ns.adobe.com") if word in content]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "JPEG"])
def test_words_in_the_margins_of_a_picture_are_left_behind(form):
    exif = exif_of()
    exif[ExifTags.Base.ImageDescription] = "SECRETWORD"
    exif[ExifTags.Base.Artist] = "SECRETNAME"
    document = encoded(gradient(), form, exif=exif)
    content = made(document, DocumentKind(form.lower()))
    assert b"SECRETWORD" in document
    assert not [word for word in (b"SECRETWORD", b"SECRETNAME") if word in content]


def test_a_photo_is_what_a_camera_signed_and_nothing_else():
    signed = encoded(gradient(), "JPEG", exif=exif_of(make="Maker"))
    plain = encoded(gradient(), "JPEG")
    scanned = encoded(gradient(), "TIFF", exif=exif_of(make="Scanner"))
    assert [image(signed, DocumentKind.JPEG).SOPClassUID, image(plain, DocumentKind.JPEG).SOPClassUID] == [
        PHOTO,
        SINGLE,
    ]
    assert image(scanned, DocumentKind.TIFF).SOPClassUID == SINGLE
    assert image(plain, DocumentKind.JPEG).ConversionType == "SD"


# --- JPEG as it is


def coded_picture(document: bytes) -> bytes:
    return bytes(Image.open(io.BytesIO(document)).convert("RGB").tobytes())


@pytest.mark.parametrize(("subsampling", "passes"), [("4:2:0", True), ("4:2:2", True), ("4:4:4", False)])
def test_a_baseline_jpeg_loses_nothing_whether_it_passes_or_is_decoded(subsampling, passes):
    document = encoded(gradient(), "JPEG", quality=70, subsampling=subsampling)
    data = image(document, DocumentKind.JPEG)
    assert data.file_meta.TransferSyntaxUID.is_encapsulated == passes
    if passes:
        assert coded_picture(clean_baseline(document).content) == coded_picture(document)
    else:
        assert data.PixelData[: 60 * 40 * 3] == coded_picture(document)


def test_a_grey_baseline_jpeg_stays_grey():
    document = encoded(gradient().convert("L"), "JPEG")
    data = image(document, DocumentKind.JPEG)
    assert (data.PhotometricInterpretation, data.SamplesPerPixel) == ("MONOCHROME2", 1)
    assert (
        np.abs(data.pixel_array.astype(int) - np.asarray(Image.open(io.BytesIO(document)), dtype=int)).max()
        <= 1
    )


def test_a_progressive_jpeg_is_decoded_once_and_never_coded_again():
    document = corpus_path("documents", "pictures", "progressive.jpg").read_bytes()
    data = image(document, DocumentKind.JPEG)
    assert not data.file_meta.TransferSyntaxUID.is_encapsulated
    assert data.PixelData[: data.Rows * data.Columns * 3] == coded_picture(document)
    assert data.LossyImageCompression == "01"


def test_a_second_picture_behind_a_jpeg_is_not_taken_along():
    """Cameras append previews and the other eye (MPO); position data sit in them, too."""
    document = encoded(gradient(), "MPO", save_all=True, append_images=[corner()])
    data = image(document, recognise(document, "x.jpg"))
    assert (data.Columns, data.Rows) == gradient().size
    assert data.PixelData.count(b"\xff\xd8\xff") == 1


def test_comments_between_the_scans_of_a_jpeg_do_not_pass():
    document = encoded(gradient(), "JPEG")
    start = document.rindex(b"\xff\xd9")
    hidden = document[:start] + b"\xff\xfe\x00\x0cSECRETWORD" + document[start:]
    assert b"SECRETWORD" not in clean_baseline(hidden).content


def test_a_camera_that_samples_oddly_is_decoded():
    document = encoded(gradient(), "JPEG", subsampling="4:2:0")
    odd = document.replace(b"\x01\x22\x00", b"\x01\x12\x00", 1)
    assert clean_baseline(document) is not None
    assert clean_baseline(odd) is None


# --- Colours


def profile() -> bytes:
    """The profile of sRGB, made by LittleCMS."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB with the colorants of red and green exchanged: whoever ignores it shows the wrong colours."""
    content = bytearray(profile())
    count = int.from_bytes(content[128:132], "big")
    places = {}
    for number in range(count):
        entry = 132 + 12 * number
        places[bytes(content[entry : entry + 4])] = (
            int.from_bytes(content[entry + 4 : entry + 8], "big"),
            int.from_bytes(content[entry + 8 : entry + 12], "big"),
        )
    (red, size), (green, _) = places[b"rXYZ"], places[b"gXYZ"]
    first, second = bytes(content[red : red + size]), bytes(content[green : green + size])
    content[red : red + size], content[green : green + size] = second, first
    return bytes(content)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_colours_are_those_that_the_profile_means(form):
    options = {"lossless": True} if form == "WEBP" else {"quality": 95} if form == "JPEG" else {}
    document = encoded(
        Image.new("RGB", (16, 16), (250, 10, 10)), form, icc_profile=swapped_profile(), **options
    )
    data = image(document, DocumentKind(form.lower()))
    red, green, blue = shown(data)[8, 8]
    assert (red < 90, green > 200, blue < 90) == (True, True, True)
    assert not data.file_meta.TransferSyntaxUID.is_encapsulated


def test_the_profile_of_srgb_changes_nothing_and_the_jpeg_stays_as_it_is():
    document = encoded(gradient(), "JPEG", icc_profile=profile())
    data = image(document, DocumentKind.JPEG)
    assert data.file_meta.TransferSyntaxUID.is_encapsulated
    assert b"acsp" not in made(document, DocumentKind.JPEG)


def test_a_damaged_profile_does_not_cost_the_picture():
    data = image(encoded(gradient(), "PNG", icc_profile=b"no profile at all"), DocumentKind.PNG)
    assert data.PixelData[: 60 * 40 * 3] == gradient().tobytes()


def test_the_colours_of_a_printer_become_those_of_a_screen():
    data = image(corpus_path("documents", "pictures", "cmyk.jpg").read_bytes(), DocumentKind.JPEG)
    assert (data.PhotometricInterpretation, data.SamplesPerPixel) == ("RGB", 3)
    white = encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG", quality=95)
    assert shown(image(white, DocumentKind.JPEG)).min() > 245
    inked = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "TIFF")
    red, green, _ = shown(image(inked, DocumentKind.TIFF))[4, 4]
    assert (red > 200, green < 60) == (True, True)


def test_what_is_transparent_shows_as_paper():
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.paste((200, 30, 30, 255), (0, 0, 4, 8))
    for form in ("PNG", "WEBP", "TIFF", "GIF"):
        options = {"lossless": True} if form == "WEBP" else {}
        pixels = shown(image(encoded(clear, form, **options), DocumentKind(form.lower())))
        assert pixels[4, 6].tolist() == [255, 255, 255], form
        assert np.abs(pixels[4, 1] - [200, 30, 30]).max() <= 8, form


def test_a_palette_is_resolved():
    document = encoded(corner().quantize(4), "PNG")
    assert np.abs(shown(image(document, DocumentKind.PNG)) - np.asarray(corner(), dtype=int)).max() <= 2


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_grey_of_16_bits_keeps_each_value(form):
    values = np.arange(64 * 32, dtype=np.uint16).reshape(32, 64) * 31
    data = image(encoded(Image.fromarray(values), form), DocumentKind(form.lower()))
    assert (data.BitsAllocated, data.pixel_array.tolist()) == (16, values.tolist())


def test_16_bits_with_white_as_zero_are_not_shown_as_a_negative():
    values = np.full((8, 8), 65_000, dtype=np.uint16)
    document = bytearray(encoded(Image.fromarray(values), "TIFF"))
    at = document.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00") + 8
    document[at] = 0
    assert image(bytes(document), DocumentKind.TIFF).pixel_array.max() == 65_535 - 65_000


def test_measurements_of_32_bits_are_no_picture():
    document = encoded(Image.fromarray(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)), "TIFF")
    with pytest.raises(DocumentRefused) as refused:
        made(document, DocumentKind.TIFF)
    assert refused.value.code == "document.unusual_pixels"

"""Thumbnails: drawn apart, so that one bad file never costs another its picture."""

import io
import os
import time

import numpy as np
import pydicom
import pytest
from PIL import Image

from importal.dicom.rendering import render_frame, render_thumbnails
from tests.contract.archives import instance_file
from tests.corpus import corpus_path

LIMITS = {"timeout_seconds": 20.0, "memory_bytes": 2 << 30}


@pytest.mark.parametrize(
    "name",
    ["JPEGLS", "JPEG2000", "JPEGProcess14", "JPEGProcess2", "RLE", "BigEndian", "Deflated", "Implicit"],
)
def test_the_usual_transfer_syntaxes_are_drawn(tmp_path, name):
    folder = corpus_path("dicom", "transfer-syntaxes", "one-ct-in-14-syntaxes")
    sources = [
        path
        for path in folder.iterdir()
        if name.lower().replace("-", "") in path.name.lower().replace("-", "")
    ]
    assert sources
    targets = [tmp_path / f"{number}.png" for number in range(len(sources))]
    assert render_thumbnails(list(zip(sources, targets, strict=True)), **LIMITS) == [True] * len(sources)
    picture = Image.open(targets[0])
    assert max(picture.size) == 256
    assert np.asarray(picture).std() > 10


def test_a_bad_file_costs_no_other_its_picture(tmp_path):
    good = tmp_path / "good.dcm"
    good.write_bytes(instance_file(1))
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(instance_file(2)[:-8])
    text = tmp_path / "text.dcm"
    text.write_bytes(b"no image at all" * 50)
    jobs = [
        (path, tmp_path / f"{n}.png") for n, path in enumerate((good, text, tmp_path / "absent", bad, good))
    ]
    drawn = render_thumbnails(jobs, **LIMITS)
    assert (drawn[0], drawn[1], drawn[2], drawn[4]) == (True, False, False, True)
    assert [target.exists() for _, target in jobs] == drawn


def test_a_process_that_hangs_or_dies_is_replaced(tmp_path):
    good, pipe = tmp_path / "good.dcm", tmp_path / "pipe.dcm"
    good.write_bytes(instance_file(1))
    os.mkfifo(pipe)  # reading it never ends
    started = time.monotonic()
    jobs = [(good, tmp_path / "a.png"), (pipe, tmp_path / "b.png"), (good, tmp_path / "c.png")]
    assert render_thumbnails(jobs, timeout_seconds=5.0, memory_bytes=2 << 30) == [True, False, True]
    assert time.monotonic() - started < 40


def test_memory_is_bounded(tmp_path):
    jobs = [(corpus_path("dicom", "ct").parent / "absent", tmp_path / "x.png")]
    assert render_thumbnails(jobs, timeout_seconds=5.0, memory_bytes=1 << 20) == [False]


def test_time_for_all_together_is_bounded(tmp_path):
    source = tmp_path / "good.dcm"
    source.write_bytes(instance_file(1))
    jobs = [(source, tmp_path / f"{number}.png") for number in range(3)]
    assert render_thumbnails(jobs, **LIMITS, total_seconds=0.0) == [False] * 3


def test_exactly_the_frame_that_was_asked_for_is_drawn_in_full_size_or_none(tmp_path):
    image = pydicom.dcmread(io.BytesIO(instance_file(1)))
    image.NumberOfFrames = 3
    image.Rows = image.Columns = 300
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"):
        if keyword in image:
            delattr(image, keyword)
    frames = np.zeros((3, 300, 300), "u1")
    frames[0, :, :150] = frames[1, :150, :] = frames[2, :, 150:] = 255
    image.PixelData = frames.tobytes()
    image.save_as(tmp_path / "three.dcm")
    for number in range(3):
        target = tmp_path / f"{number}.png"
        assert render_frame(tmp_path / "three.dcm", target, number, **LIMITS)
        drawn = np.asarray(Image.open(target).convert("L"))
        assert (drawn == frames[number]).all()
    assert not render_frame(tmp_path / "three.dcm", tmp_path / "3.png", 3, **LIMITS)

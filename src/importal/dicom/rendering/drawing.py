"""One instance as a small picture, with the window a viewer would open it with (PS3.3 C.7.6.3, C.11.2)."""

from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array

EDGE = 256
LARGE_EDGE = 4096
_MOST_SAMPLES = 200_000_000
_NO_VOI = frozenset({"PT", "NM"})
"""Counts: their window is often absent or meant for other units; percentiles serve better."""

_GDCM_TYPES = {"UINT8": "u1", "INT8": "i1", "UINT16": "<u2", "INT16": "<i2", "UINT32": "<u4", "INT32": "<i4"}

Samples = npt.NDArray[Any]


def draw(source: Path, frame: int | None = None) -> Image.Image | None:
    """Return a picture, or None for an instance without an image.

    Without `frame` a small one of what is in the middle; else exactly that frame, in full size.
    """
    data = pydicom.dcmread(source, force=True)
    if "PixelData" not in data and "FloatPixelData" not in data and "DoubleFloatPixelData" not in data:
        return None
    rows, columns = int(data.get("Rows") or 0), int(data.get("Columns") or 0)
    if not rows or not columns or rows * columns * int(data.get("SamplesPerPixel") or 1) > _MOST_SAMPLES:
        return None
    frames = max(1, int(data.get("NumberOfFrames") or 1))
    is_exact, index = frame is not None, frames // 2 if frame is None else frame
    try:
        samples = _frame(data, index, frames, is_exact=is_exact)
    except Exception:  # noqa: BLE001 -- what pydicom's decoders refuse, GDCM's own reader often knows
        samples = _by_gdcm(source, data, index, is_exact=is_exact)
    picture = _picture(data, samples)
    picture = _square_pixels(picture, data)
    edge = LARGE_EDGE if is_exact else EDGE
    picture.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    return picture


def _frame(data: Dataset, index: int, frames: int, *, is_exact: bool) -> Samples:
    """Decode one frame; colour comes as RGB. Asks for that frame alone, whatever their number."""
    try:
        samples = pixel_array(data, index=index) if frames > 1 else pixel_array(data)
    except (ValueError, IndexError, AttributeError, RuntimeError, NotImplementedError):
        if is_exact:
            raise
        # Some encoders wrote fewer frames, or no offset table: the first is better than none.
        samples = pixel_array(data, index=0)
    return np.asarray(samples)


def _by_gdcm(source: Path, data: Dataset, index: int, *, is_exact: bool) -> Samples:
    """Decode by GDCM's own reader: 12-bit JPEG and files whose header and code stream disagree."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    if not reader.Read():
        raise ValueError
    image = reader.GetImage()
    content = image.GetBuffer().encode("utf-8", "surrogateescape")
    form = image.GetPixelFormat()
    samples = np.frombuffer(content, dtype=_GDCM_TYPES[form.GetScalarTypeAsString()])
    shape = (int(data.Rows), int(data.Columns), int(form.GetSamplesPerPixel()))
    frames = samples.reshape((-1, *shape))
    frame = frames[index if is_exact else min(index, len(frames) - 1)]
    return np.asarray(frame[..., 0] if shape[2] == 1 else frame)


def _picture(data: Dataset, samples: Samples) -> Image.Image:
    photometric = str(data.get("PhotometricInterpretation") or "MONOCHROME2")
    if photometric == "PALETTE COLOR":
        return Image.fromarray(_to_byte_range(np.asarray(apply_color_lut(samples, data))), "RGB")
    if samples.ndim == 3 and samples.shape[-1] == 3:
        return Image.fromarray(_to_byte_range(samples), "RGB")
    grey = _windowed(data, samples)
    if photometric == "MONOCHROME1":
        grey = 255 - grey
    return Image.fromarray(grey, "L")


def _to_byte_range(samples: Samples) -> npt.NDArray[np.uint8]:
    if samples.dtype == np.uint8:
        return np.ascontiguousarray(samples)
    most = int(samples.max()) if samples.size else 0
    shift = max(0, most.bit_length() - 8)
    return np.ascontiguousarray((samples.astype(np.int64) >> shift).clip(0, 255).astype(np.uint8))


def _windowed(data: Dataset, samples: Samples) -> npt.NDArray[np.uint8]:
    """Map stored values to grey: modality LUT, then the stored window, or the percentiles without one."""
    values = np.asarray(apply_modality_lut(samples, data), dtype=np.float64)
    modality = str(data.get("Modality") or "")
    functional = _functional_window(data)
    if modality not in _NO_VOI and ("WindowCenter" in data or "VOILUTSequence" in data):
        seen = _with_voi(data, samples)
        if seen is not None:
            return seen
    if functional is not None:
        center, width = functional
        return _stretch(values, center - width / 2, center + width / 2)
    low, high = np.percentile(_content(data, values), (1, 99))
    return _stretch(values, float(low), float(high))


def _with_voi(data: Dataset, samples: Samples) -> npt.NDArray[np.uint8] | None:
    """Apply the stored window or VOI LUT; None when it shows nothing (a window beside the values)."""
    try:
        seen = np.asarray(apply_voi_lut(apply_modality_lut(samples, data), data), dtype=np.float64)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, NotImplementedError):
        return None
    grey = _stretch(seen, float(seen.min()), float(seen.max()))
    return grey if seen.max() > seen.min() else None


def _functional_window(data: Dataset) -> tuple[float, float] | None:
    """Return the window of an enhanced multi-frame image (C.7.6.16.2.10), shared by its frames."""
    for group in data.get("SharedFunctionalGroupsSequence") or []:
        for item in group.get("FrameVOILUTSequence") or []:
            center, width = item.get("WindowCenter"), item.get("WindowWidth")
            if center is not None and width is not None:
                first = np.atleast_1d(np.asarray(center, dtype=float))[0]
                return float(first), float(np.atleast_1d(np.asarray(width, dtype=float))[0])
    return None


def _content(data: Dataset, values: Samples) -> Samples:
    """Leave padding out of the percentiles (C.7.5.1.1.2)."""
    padding = data.get("PixelPaddingValue")
    finite = values[np.isfinite(values)]
    if padding is None:
        return finite if finite.size else np.zeros(1)
    slope, intercept = float(data.get("RescaleSlope") or 1), float(data.get("RescaleIntercept") or 0)
    kept = finite[finite != float(padding) * slope + intercept]
    return kept if kept.size else np.zeros(1)


def _stretch(values: Samples, low: float, high: float) -> npt.NDArray[np.uint8]:
    if not high > low:
        high = low + 1.0
    scaled = (np.nan_to_num(values, nan=low) - low) * (255.0 / (high - low))
    return scaled.clip(0, 255).astype(np.uint8)


def _square_pixels(picture: Image.Image, data: Dataset) -> Image.Image:
    """Undo pixels that are not square (Pixel Aspect Ratio or Pixel Spacing)."""
    spacing = data.get("PixelAspectRatio") or data.get("PixelSpacing")
    try:
        ratio = float(spacing[0]) / float(spacing[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return picture
    if not 0.1 < ratio < 10 or abs(ratio - 1) < 0.02:
        return picture
    width, height = picture.size
    scale = EDGE * 2 / max(width, height * ratio)
    return picture.resize((max(1, round(width * scale)), max(1, round(height * ratio * scale))))

"""Synthetic bodies that look like something: a head and an abdomen for CT, a knee for MR.

Ellipses with organs, texture and noise, as slices. CT in Hounsfield units, MR in arbitrary signal from 0 to
about 1000. Every slice follows from the seed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float64]
Slice = npt.NDArray[np.int16]


class Canvas:
    """A square slice; coordinates run from -1 to 1, x to the right, y downwards."""

    def __init__(self, size: int, background: float) -> None:
        self._axis = np.linspace(-1.0, 1.0, size)
        self.x, self.y = np.meshgrid(self._axis, self._axis)
        self.values: Field = np.full((size, size), float(background))
        self._soft = 2.0 / size

    def ellipse(
        self, value: float, centre: tuple[float, float], radii: tuple[float, float], degrees: float = 0.0
    ) -> None:
        """Paint a filled ellipse with a soft edge; nothing when a radius is not positive."""
        if min(radii) <= 0.01:
            return
        angle = np.deg2rad(degrees)
        box = self._around(centre, max(radii) + 2 * self._soft * max(radii) / min(radii))
        dx, dy = self.x[box] - centre[0], self.y[box] - centre[1]
        u = (dx * np.cos(angle) + dy * np.sin(angle)) / radii[0]
        v = (dy * np.cos(angle) - dx * np.sin(angle)) / radii[1]
        distance = (np.sqrt(u * u + v * v) - 1.0) * min(radii)
        cover = np.clip(0.5 - distance / (2 * self._soft), 0.0, 1.0)
        self.values[box] = self.values[box] * (1 - cover) + value * cover

    def _around(self, centre: tuple[float, float], reach: float) -> tuple[slice, slice]:
        """Return the rows and columns that something of this reach can touch: most organs are small."""
        columns, rows = (np.searchsorted(self._axis, (at - reach, at + reach)) for at in centre)
        return slice(int(rows[0]), int(rows[1])), slice(int(columns[0]), int(columns[1]))

    def finished(self, noise: float, random: np.random.Generator) -> Slice:
        """Add texture and noise and round."""
        size = self.values.shape[0]
        coarse = random.normal(0.0, noise, (size // 4 + 1, size // 4 + 1)).repeat(4, 0).repeat(4, 1)
        grain = random.normal(0.0, noise, (size, size)) + 0.6 * coarse[:size, :size]
        return np.rint(self.values + grain).astype(np.int16)


def _round(z: float, power: float = 2.0) -> float:
    """Shrink towards both ends of a body part, z from -1 to 1."""
    return float(max(0.0, 1.0 - abs(z) ** power) ** 0.5)


def ct_head(z: float, size: int, random: np.random.Generator) -> Slice:
    """A head: skin, skull, brain with ventricles, sinuses further down, one bleeding."""
    canvas, wide = Canvas(size, -1000), 0.55 + 0.45 * _round(z, 3)
    canvas.ellipse(30, (0, 0), (0.72 * wide, 0.88 * wide))
    canvas.ellipse(900, (0, 0), (0.68 * wide, 0.84 * wide))
    canvas.ellipse(36, (0, 0), (0.61 * wide, 0.77 * wide))
    canvas.ellipse(28, (0, 0), (0.45 * wide, 0.60 * wide))
    for side in (-1, 1):
        canvas.ellipse(6, (side * 0.12, -0.12), (0.07 * _round(z), 0.24 * _round(z)), side * 18)
        canvas.ellipse(8, (side * 0.14, 0.28), (0.06 * _round(z), 0.16 * _round(z)), -side * 24)
        if z > 0.5:
            canvas.ellipse(-10, (side * 0.26, -0.62), (0.15, 0.14))
            canvas.ellipse(-900, (side * 0.08, -0.55), (0.05, 0.12))
    canvas.ellipse(70, (0.34, 0.10), (0.11 * _round(z * 2), 0.08 * _round(z * 2)), 30)
    return canvas.finished(6, random)


def ct_abdomen(z: float, size: int, random: np.random.Generator) -> Slice:
    """An abdomen: fat, muscle, liver with a cyst, spleen, kidneys, spine, aorta, bowel gas, and the table."""
    canvas = Canvas(size, -1000)
    canvas.ellipse(-100, (0, 0), (0.92, 0.66))
    canvas.ellipse(55, (0, 0), (0.82, 0.56))
    canvas.ellipse(-95, (0, -0.02), (0.76, 0.49))
    upper, lower = max(0.0, 0.9 - z), max(0.0, z + 0.4)
    canvas.ellipse(105, (-0.38, -0.10), (0.34 * min(1, upper), 0.33 * min(1, upper)), -15)
    canvas.ellipse(8, (-0.44, -0.14), (0.07 * _round(z * 2), 0.07 * _round(z * 2)))
    canvas.ellipse(120, (0.52, 0.08), (0.15 * min(1, upper), 0.24 * min(1, upper)), 20)
    canvas.ellipse(40, (0.24, -0.22), (0.20 * min(1, upper), 0.15 * min(1, upper)))
    canvas.ellipse(-850, (0.24, -0.30), (0.13 * min(1, upper), 0.05 * min(1, upper)))
    for side in (-1, 1):
        canvas.ellipse(170, (side * 0.34, 0.22), (0.11 * _round(z), 0.16 * _round(z)), side * 25)
        canvas.ellipse(20, (side * 0.31, 0.22), (0.04 * _round(z), 0.07 * _round(z)), side * 25)
        canvas.ellipse(60, (side * 0.17, 0.38), (0.12, 0.10))
        canvas.ellipse(500, (side * 0.80, 0.06), (0.025, 0.06), side * 10)
    for number in range(6):
        place = (-0.35 + 0.14 * number, -0.22 + 0.08 * float(np.sin(3 * z + 2.1 * number)))
        canvas.ellipse(35, place, (0.08 * min(1, lower), 0.07 * min(1, lower)))
        canvas.ellipse(-700, place, (0.04 * min(1, lower), 0.03 * min(1, lower)))
    canvas.ellipse(550, (0, 0.34), (0.14, 0.13))
    canvas.ellipse(180, (0, 0.34), (0.11, 0.10))
    canvas.ellipse(20, (0, 0.47), (0.05, 0.04))
    canvas.ellipse(210, (-0.01, 0.17), (0.055, 0.055))
    canvas.ellipse(160, (-0.14, 0.17), (0.06, 0.045))
    canvas.values[(canvas.y > 0.74) & (canvas.y < 0.77) & (np.abs(canvas.x) < 0.85)] = -200
    return canvas.finished(12, random)


def mr_knee(z: float, size: int, random: np.random.Generator) -> Slice:
    """A knee from the side: femur, tibia, patella, cartilage, menisci, cruciate ligament, fat and fluid."""
    canvas, wide = Canvas(size, 15), 0.75 + 0.25 * _round(z)
    canvas.ellipse(620, (0.02, 0.0), (0.74 * wide, 1.25))
    canvas.ellipse(330, (0.06, 0.0), (0.64 * wide, 1.25))
    canvas.ellipse(560, (-0.02, -0.75), (0.27 * wide, 0.62))
    canvas.ellipse(820, (0.0, -0.20), (0.42 * wide, 0.31))
    canvas.ellipse(590, (0.0, -0.22), (0.385 * wide, 0.275))
    canvas.ellipse(800, (0.02, 0.24), (0.42 * wide, 0.13))
    canvas.ellipse(580, (0.02, 0.30), (0.39 * wide, 0.16))
    canvas.ellipse(560, (0.02, 0.80), (0.26 * wide, 0.55))
    canvas.ellipse(800, (-0.50 * wide, -0.28), (0.10, 0.20))
    canvas.ellipse(590, (-0.52 * wide, -0.28), (0.075, 0.175))
    canvas.ellipse(700, (-0.42 * wide, 0.08), (0.13, 0.15), 20)
    for side in (-1, 1):
        canvas.ellipse(60, (side * 0.27 * wide, 0.13), (0.13 * wide, 0.04), side * 12)
    if abs(z) < 0.4:
        canvas.ellipse(70, (0.03, 0.02), (0.05, 0.20), -35)
    canvas.ellipse(40, (-0.52 * wide, -0.72), (0.03, 0.28), 4)
    canvas.ellipse(40, (-0.47 * wide, 0.22), (0.03, 0.26), -12)
    canvas.ellipse(950, (-0.30, -0.50), (0.06, 0.13 * _round(z)), 15)
    finished = canvas.finished(14, random)
    return np.clip(finished, 0, 4095).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Phantom:
    """How to draw a body part, and how its images call themselves."""

    draw: Callable[[float, int, np.random.Generator], Slice]
    modality: str
    body_part: str
    study_description: str
    series_description: str
    window: tuple[int, int]
    spacing_mm: float
    thickness_mm: float


HEAD = Phantom(ct_head, "CT", "HEAD", "CT HEAD", "Head axial 5 mm", (40, 90), 0.9, 5.0)
ABDOMEN = Phantom(ct_abdomen, "CT", "ABDOMEN", "CT ABDOMEN", "Abdomen axial 5 mm", (50, 400), 1.5, 5.0)
KNEE = Phantom(mr_knee, "MR", "KNEE", "MR KNEE LEFT", "PD sagittal", (450, 900), 0.62, 3.5)

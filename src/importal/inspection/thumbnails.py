"""A small picture per series; one that cannot be made is no error.

Decoders are native code, so pictures are made in a process of their own.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from importal import studies
from importal.dicom import rendering
from importal.inspection.examination import Examined
from importal.site import Site
from importal.studies import Instance

TIMEOUT_SECONDS = 30.0
# A study of thousands of series that each take their time must not keep a worker busy for days.
TOTAL_SECONDS = 300.0
MEMORY_BYTES = 2 * 1024**3


def make_thumbnails(site: Site, submission_id: str, examined: Sequence[Examined]) -> dict[str, str]:
    """Return the keys of the pictures by series id; the pictures are stored.

    They lie among what belongs to the submission, so that they go with it whatever happens to this step.
    """
    by_series: dict[str, list[Examined]] = {}
    for item in examined:
        # A picture that a person has to look at first is not laid beside the others, in clear.
        is_free = item.instance.hold in studies.SENDABLE
        if is_free and item.reason is None and item.display.rows and item.display.columns:
            by_series.setdefault(item.instance.series_id, []).append(item)
    if not by_series:
        return {}
    with tempfile.TemporaryDirectory(prefix="importal-") as folder:
        jobs = {
            series_id: (
                _source(site, Path(folder), _middle(items).instance),
                Path(folder) / f"{series_id}.png",
            )
            for series_id, items in by_series.items()
        }
        made = rendering.render_thumbnails(
            list(jobs.values()),
            timeout_seconds=TIMEOUT_SECONDS,
            memory_bytes=MEMORY_BYTES,
            total_seconds=TOTAL_SECONDS,
        )
        pictures = {
            series_id: target.read_bytes()
            for (series_id, (_source_path, target)), is_made in zip(jobs.items(), made, strict=True)
            if is_made
        }
    keys = {series_id: f"submissions/{submission_id}/thumbnails/{series_id}.png" for series_id in pictures}
    if pictures:
        site.storage.write_all([(keys[series_id], [picture]) for series_id, picture in pictures.items()])
    return keys


def _middle(items: Sequence[Examined]) -> Examined:
    """Return the instance in the middle of a series: the first slices often show nothing."""
    ordered = sorted(items, key=lambda item: (_number(item), item.instance.sop_instance_uid))
    return ordered[len(ordered) // 2]


def _number(item: Examined) -> int:
    text = item.display.instance_number.strip()
    return int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) < 12 else 0


def _source(site: Site, folder: Path, instance: Instance) -> Path:
    path = site.storage.path(instance.storage_key)
    if path is not None:
        return path
    copy = folder / f"{instance.id}.dcm"
    copy.write_bytes(studies.view(site.storage, instance.storage_key))
    return copy

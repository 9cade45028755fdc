"""What is kept of the series that came last: templates, learnt from Instances that went the strict way.

Two Instances of a series show what varies; from then on `SeriesTemplate` takes those that vary no more. A
template that does not give the very bytes of the strict way for the Instance it was made from is dropped.
What comes out never depends on what is kept here, only how soon. A few headers are held in memory, nothing
is written.
"""

from dataclasses import dataclass, field

from importal.dicom import reverse_patch
from importal.dicom.defects import Defect
from importal.dicom.profile import SOP_INSTANCE_UID
from importal.dicom.records import Profile
from importal.dicom.refusal import Refused
from importal.dicom.series_template import Leaf, Recalled, SeriesTemplate, Strict, leaves

MOST_HEADER = 128 << 10
_MOST_SERIES = 8
# Making a template costs about as much as the strict way of a few Instances: it has to pay.
_MOST_VAIN, _USES_PER_LEARNING = 4, 8
_Key = tuple[Profile, str, str]


@dataclass
class _Series:
    """The last Instance of a series, what was seen to vary in it, and the template made of both."""

    last: Strict
    leaves: list[Leaf] = field(default_factory=list)
    varying: set[int] = field(default_factory=set)
    template: SeriesTemplate | None = None
    learnt: int = 0
    uses: int = 0


class SeriesMemory:
    """Remembers a few series. Threads may share it: what one of them forgets is learnt again."""

    def __init__(self) -> None:
        self._series: dict[_Key, _Series] = {}
        self._templates: tuple[SeriesTemplate, ...] = ()

    def recall(self, original: bytes | memoryview, profile: Profile) -> Recalled | None:
        """Return what becomes of the header of an object, None where it has to go the strict way."""
        templates = self._templates
        if not templates:
            return None
        data = original if isinstance(original, bytes) else bytes(original[: 2 * MOST_HEADER])
        for number, template in enumerate(templates):
            if template.strict.profile == profile:
                recalled = template.recall(data)
                if recalled is not None:
                    template.uses += 1
                    if number:
                        self._put_first(template)
                    return recalled
        return None

    def learn(self, strict: Strict) -> None:
        """Take an Instance that went the strict way as an example of its series."""
        facts = strict.facts
        key = (strict.profile, facts.series_instance_uid, facts.transfer_syntax_uid)
        series = self._series.pop(key, None)
        if series is None:
            series = _Series(strict)
        elif series.learnt <= _MOST_VAIN + _uses(series) // _USES_PER_LEARNING:
            before = series.template
            _extend(series, strict)
            kept = [template for template in self._templates if template is not before]
            new = [series.template] if series.template else []
            self._templates = (*new, *kept)[:_MOST_SERIES]
        self._series[key] = series
        for oldest in list(self._series)[:-_MOST_SERIES]:
            self._series.pop(oldest, None)

    def forget(self) -> None:
        """Forget everything."""
        self._series, self._templates = {}, ()

    def _put_first(self, template: SeriesTemplate) -> None:
        self._templates = (template, *(each for each in self._templates if each is not template))


def _uses(series: _Series) -> int:
    return series.uses + (series.template.uses if series.template else 0)


def _extend(series: _Series, strict: Strict) -> None:
    """See what varies between the last Instance and this one, and make the template anew."""
    series.uses, series.template = _uses(series), None
    series.learnt += 1
    try:
        before, now = series.leaves or leaves(series.last), leaves(strict)
        varying = _differences(series.last, before, strict, now)
        alike = [(leaf.tag, leaf.vr) for leaf in before] == [(leaf.tag, leaf.vr) for leaf in now]
        if alike and all(now[number].may_vary for number in varying):
            series.varying |= varying
            template = SeriesTemplate(strict, [now[number] for number in sorted(series.varying)])
            series.template = template if _is_right(template) else None
        else:
            series.varying = set()
    except (Defect, Refused, ValueError):
        now = []
    series.last, series.leaves = strict, now


def _differences(first: Strict, ours: list[Leaf], second: Strict, theirs: list[Leaf]) -> set[int]:
    return {
        number
        for number, (one, other) in enumerate(zip(ours, theirs, strict=False))
        if first.original[one.value : one.end] != second.original[other.value : other.end]
        or (one.top and one.tag == SOP_INSTANCE_UID)
    }


def _is_right(template: SeriesTemplate) -> bool:
    """Tell whether the template does with the Instance it was made from what the strict way did."""
    strict = template.strict
    recalled = template.recall(strict.original)
    steps = reverse_patch.packed(reverse_patch.steps_of_edits(strict.original, strict.edits))
    return recalled is not None and (
        (recalled.header, recalled.split, recalled.steps, recalled.facts())
        == (strict.stored, strict.split, steps, strict.facts)
    )

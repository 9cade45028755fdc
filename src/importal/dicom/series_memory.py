"""What is kept of the series that came last: templates, learnt from Instances that went the strict way.

Two Instances of a series show what varies; from then on `SeriesTemplate` takes those that vary no more. A
template that does not give the very bytes of the strict way for the Instance it was made from is dropped.
What comes out never depends on what is kept here, only how soon. A few headers are held in memory, nothing
is written.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from importal.dicom.defects import Defect
from importal.dicom.refusal import Refused
from importal.dicom.series_outline import Leaf

MOST_HEADER = 128 << 10
_MOST_SERIES = 8
# Making a template costs about as much as the strict way of a few Instances: it has to pay.
_MOST_VAIN, _USES_PER_LEARNING = 4, 8
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Template(Protocol[Result_co]):
    """What the Instances of a series share."""

    uses: int

    @property
    def purpose(self) -> object:
        """What it was done for: the same purpose is done to what is recalled."""

    def recall(self, data: bytes) -> Result_co | None:
        """Return what becomes of the header of an object that begins with these bytes; None: no match."""


class Example(Protocol[Result_co]):
    """An Instance that went the strict way."""

    @property
    def original(self) -> bytes:
        """The header as it came."""

    @property
    def key(self) -> Hashable:
        """What says that two Instances are of one series, and the same was done to them."""

    def leaves(self) -> list[Leaf]:
        """Return the elements in front of the bulk that hold no items; raises Defect and Refused."""

    def always_varies(self, leaf: Leaf) -> bool:
        """Tell whether an element varies even where two Instances happen to agree."""

    def template(self, varying: Iterable[Leaf]) -> Template[Result_co] | None:
        """Return a template that does with this Instance what the strict way did; raises ValueError."""


@dataclass
class _Series(Generic[Result]):
    """The last Instance of a series, what was seen to vary in it, and the template made of both."""

    last: Example[Result]
    leaves: list[Leaf] = field(default_factory=list)
    varying: set[int] = field(default_factory=set)
    template: Template[Result] | None = None
    learnt: int = 0
    uses: int = 0


class SeriesMemory(Generic[Result]):
    """Remembers a few series. Threads may share it: what one of them forgets is learnt again."""

    def __init__(self) -> None:
        self._series: dict[Hashable, _Series[Result]] = {}
        self._templates: tuple[Template[Result], ...] = ()

    def recall(self, original: bytes | memoryview, purpose: object) -> Result | None:
        """Return what becomes of the header of an object, None where it has to go the strict way."""
        templates = self._templates
        if not templates:
            return None
        data = original if isinstance(original, bytes) else bytes(original[: 2 * MOST_HEADER])
        for number, template in enumerate(templates):
            if template.purpose == purpose:
                recalled = template.recall(data)
                if recalled is not None:
                    template.uses += 1
                    if number:
                        self._put_first(template)
                    return recalled
        return None

    def learn(self, strict: Example[Result]) -> None:
        """Take an Instance that went the strict way as an example of its series."""
        key = strict.key
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

    def _put_first(self, template: Template[Result]) -> None:
        self._templates = (template, *(each for each in self._templates if each is not template))


def _uses(series: _Series[Result]) -> int:
    return series.uses + (series.template.uses if series.template else 0)


def _extend(series: _Series[Result], strict: Example[Result]) -> None:
    """See what varies between the last Instance and this one, and make the template anew."""
    series.uses, series.template = _uses(series), None
    series.learnt += 1
    try:
        before, now = series.leaves or series.last.leaves(), strict.leaves()
        varying = _differences(series.last, before, strict, now)
        alike = [(leaf.tag, leaf.vr) for leaf in before] == [(leaf.tag, leaf.vr) for leaf in now]
        if alike and all(now[number].may_vary for number in varying):
            series.varying |= varying
            series.template = strict.template([now[number] for number in sorted(series.varying)])
        else:
            series.varying = set()
    except (Defect, Refused, ValueError):
        now = []
    series.last, series.leaves = strict, now


def _differences(
    first: Example[Result], ours: list[Leaf], second: Example[Result], theirs: list[Leaf]
) -> set[int]:
    return {
        number
        for number, (one, other) in enumerate(zip(ours, theirs, strict=False))
        if first.original[one.value : one.end] != second.original[other.value : other.end]
        or first.always_varies(one)
    }

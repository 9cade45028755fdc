"""HTML in which every text is escaped: markup comes from `tag` alone, all else is text."""

from collections.abc import Iterable
from html import escape

VOID = frozenset({"br", "hr", "input", "link", "meta"})


class Markup(str):
    """HTML that was made here. Joined with anything else it is text again, and escaped."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element; None and False leave a child or an attribute out, True writes its name alone.

    Attributes lose an underscore at their end; others become hyphens: ``class_``, ``aria_label``.
    """
    start = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{start}>")
    return Markup(f"<{name}{start}>{''.join(_pieces(children))}</{name}>")


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(_plain(str(value)))}"'


def _pieces(children: Iterable[object]) -> Iterable[str]:
    for child in children:
        if child is None or child is False:
            continue
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str | int):
            yield escape(_plain(str(child)))
        elif isinstance(child, Iterable):
            yield from _pieces(child)
        else:
            raise TypeError(type(child))


def _plain(text: str) -> str:
    """Return the text without what no page can show: controls, and halves of characters."""
    kept = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
    return kept.encode("utf-8", "replace").decode("utf-8")

"""What every plain page has: head, header with the hospital's telephone, errors first, one column."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import HTMLResponse

from importal.institutions import Institution
from importal.plain_form.markup import Markup, tag
from importal.plain_form.wording import LANGUAGE, text

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # With no-referrer browsers say "null" of where a form comes from, and a forged one could not be told.
    "Referrer-Policy": "same-origin",
}
# What is wrong, and the id of the field that it is about.
Errors = Sequence[tuple[str, str]]


def page(
    request: Request,
    title: str,
    *content: object,
    institution: Institution | None = None,
    errors: Errors = (),
    status: int = 200,
) -> HTMLResponse:
    """Return a whole page."""
    shown = text("title_with_error", title=title) if errors else title
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", shown),
        [
            tag("link", rel="stylesheet", href=f"../{sheet}")
            for sheet in getattr(request.app.state, "stylesheets", ())
        ],
    )
    main = tag(
        "main",
        tag("h1", title),
        _summary(errors),
        *content,
        class_="page",
        id="main",
    )
    body = tag(
        "body",
        tag("a", text("skip"), href="#main", class_="skip"),
        _header(institution),
        main,
    )
    html = "<!doctype html>" + tag("html", head, body, lang=LANGUAGE, dir="ltr")
    return HTMLResponse(html, status, HEADERS)


def notice(kind: str, *content: object, **attributes: object) -> Markup:
    """Return a box that stands out: ``warning``, ``error``, ``success`` or ""."""
    return tag("div", *content, class_=f"notice {kind}".strip(), **attributes)


def form(action: str, token: str, *content: object, **attributes: object) -> Markup:
    """Return a form; its token comes first, before any file."""
    hidden = tag("input", type="hidden", name="token", value=token)
    return tag("form", hidden, *content, action=action, method="post", **attributes)


def text_field(name: str, label: str, value: str = "", hint: str = "", **attributes: object) -> Markup:
    """Return a labelled field for one line."""
    attributes = {"type": "text", **attributes}
    described = f"{name}-hint" if hint else None
    return tag(
        "div",
        tag("label", label, for_=name),
        tag("span", hint, class_="hint", id=described) if hint else None,
        tag("input", id=name, name=name, value=value, aria_describedby=described, **attributes),
        class_="field",
    )


def checkbox(name: str, label: object, *, is_checked: bool, **attributes: object) -> Markup:
    """Return a box to tick, with its words beside it."""
    box = tag("input", type="checkbox", id=name, name=name, value="1", checked=is_checked, **attributes)
    return tag("label", box, tag("span", label), class_="choice")


def submit(label: str, kind: str = "primary big", **attributes: object) -> Markup:
    """Return the button that sends the form."""
    return tag("div", tag("button", label, type="submit", class_=kind, **attributes), class_="actions")


def _summary(errors: Errors) -> Markup | None:
    if not errors:
        return None
    listed = [
        tag("li", tag("a", sentence, href=f"#{field}") if field else sentence) for sentence, field in errors
    ]
    return notice(
        "error", tag("h2", text("errors_heading")), tag("ul", listed), role="alert", id="errors", tabindex=-1
    )


def _header(institution: Institution | None) -> Markup:
    name = institution.name if institution else text("product")
    contact: list[Markup] = []
    if institution and institution.phone:
        digits = "".join(sign for sign in institution.phone if sign in "+0123456789")
        hours = tag("span", " ", institution.hours, class_="hours") if institution.hours else None
        contact.append(tag("li", tag("a", institution.phone, href=f"tel:{digits}"), hours))
    if institution and institution.email:
        contact.append(tag("li", tag("a", institution.email, href=f"mailto:{institution.email}")))
    inner = tag(
        "div",
        tag("p", tag("span", name), class_="name"),
        tag("ul", contact, class_="contact") if contact else None,
        class_="inner",
    )
    return tag("header", inner, class_="page-header")

"""The pages around the check page: code, consents, files, waiting, what was sent, and trouble."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse

from importal.institutions import Institution
from importal.plain_form.door import Fields
from importal.plain_form.found import Found
from importal.plain_form.frame import checkbox, form, notice, page, submit, text_field
from importal.plain_form.markup import Markup, tag
from importal.plain_form.wording import date_of, modality_of, size_of, text
from importal.status import UploadStatus
from importal.transfers import Receipt


@dataclass(frozen=True)
class Intent:
    """What a sender is told before the consents."""

    asked_for: str = ""
    has_sent: bool = False
    is_anonymous: bool = False


NOTHING = Intent()


def start(
    request: Request, token: str, given: Fields | None, error: str | None, *, asks_birth_date: bool
) -> HTMLResponse:
    """Ask for the code, and for the birth date where it is needed."""
    code = given.get("code", 100) if given else ""
    born = (
        tag(
            "fieldset",
            tag("legend", text("start.born")),
            tag("p", text("start.born_hint"), class_="hint"),
            [
                text_field(
                    name,
                    text(f"start.{name}"),
                    given.get(name, 4) if given else "",
                    inputmode="numeric",
                    maxlength=4,
                )
                for name in ("day", "month", "year")
            ],
            class_="notice",
        )
        if asks_birth_date
        else None
    )
    field = text_field(
        "code",
        text("start.code"),
        code,
        text("start.code_hint"),
        class_="code",
        autocomplete="off",
        autocapitalize="characters",
        spellcheck="false",
        maxlength=100,
        required=True,
    )
    return page(
        request,
        text("start.heading"),
        tag("p", text("start.lead"), class_="lead"),
        form("start", token, field, born, submit(text("continue")), class_="panel"),
        tag("p", text("start.cookie"), class_="quiet small"),
        tag("p", tag("a", text("start.app"), href="../")),
        errors=[(error, "day" if asks_birth_date and code else "code")] if error else (),
        status=422 if error else 200,
    )


def consent(
    request: Request,
    institution: Institution,
    token: str,
    *,
    intent: Intent = NOTHING,
    error: str = "",
) -> HTMLResponse:
    """Ask for both consents."""
    policy = tag(
        "details",
        tag("summary", text("agree.read_policy")),
        tag("p", institution.privacy_policy_text, class_="text", lang=institution.texts_language, dir="auto"),
        class_="policy",
    )
    return page(
        request,
        text("agree.heading"),
        notice("", tag("p", text("agree.sent_before"), " ", tag("a", text("agree.see"), href="sent")))
        if intent.has_sent
        else None,
        tag("p", text("agree.asked_for", wanted=intent.asked_for)) if intent.asked_for else None,
        tag("p", text("agree.lead", name=institution.name), class_="lead"),
        form(
            "agree",
            token,
            tag("input", type="hidden", name="version", value=institution.privacy_policy_version),
            tag("p", text("agree.anonymous") if intent.is_anonymous else text("agree.numbers_replaced")),
            policy,
            checkbox("privacy", text("agree.privacy"), is_checked=False, required=True),
            checkbox("sharing", _in_its_language(institution), is_checked=False, required=True),
            submit(text("continue")),
            class_="panel",
        ),
        institution=institution,
        errors=[(error, "privacy")] if error else (),
        status=422 if error else 200,
    )


def _in_its_language(institution: Institution) -> Markup:
    # What the ledger keeps are the words beside the box, and no others.
    return tag("span", institution.sharing_consent_text, lang=institution.texts_language, dir="auto")


def files(
    request: Request, institution: Institution, token: str, most: int, *, has_some: bool, error: str = ""
) -> HTMLResponse:
    """Ask for a ZIP or several files."""
    return page(
        request,
        text("files.heading"),
        tag("p", text("files.lead"), class_="lead"),
        notice("", tag("p", text("files.some"), " ", tag("a", text("files.to_check"), href="check")))
        if has_some
        else None,
        form(
            "files",
            token,
            tag("label", text("files.label"), for_="file"),
            tag("span", text("files.hint"), class_="hint", id="file-hint"),
            tag(
                "input",
                type="file",
                id="file",
                name="file",
                class_="plain-file",
                multiple=True,
                aria_describedby="file-hint",
            ),
            tag("p", text("files.most", size=size_of(most))),
            tag("p", text("files.patience")),
            submit(text("files.send")),
            class_="panel",
            enctype="multipart/form-data",
        ),
        tag(
            "section",
            tag("h2", text("files.how")),
            tag("ul", [tag("li", text(f"files.how.{number}")) for number in (1, 2, 3)]),
            class_="panel",
        ),
        institution=institution,
        errors=[(error, "file")] if error else (),
        status=422 if error else 200,
    )


def waiting(request: Request, institution: Institution) -> HTMLResponse:
    """Say that the files are still being unpacked."""
    look = tag("a", text("waiting.look"), href="check", class_="button primary big")
    return page(
        request,
        text("waiting.heading"),
        tag("p", text("waiting.lead")),
        tag("p", look),
        institution=institution,
    )


def counted(found: Found) -> Markup:
    """Say in figures what has arrived, and lead back for more."""
    images = sum(study.images for study in found.studies)
    facts = [
        text("check.images", count=images),
        text("check.studies", count=len(found.studies)),
        text("check.documents_count", count=len(found.documents)),
    ]
    return tag(
        "div",
        tag("p", text("check.lead"), class_="lead"),
        tag("p", text("check.arrived", what=", ".join(facts))),
        tag("p", text("check.duplicates", count=found.duplicates)) if found.duplicates else None,
        tag("p", text("check.harmless", count=found.harmless)) if found.harmless else None,
        None if found.persons else notice("warning", tag("p", text("check.no_images"))),
        tag("p", tag("a", text("check.more"), href="files")),
        class_="field",
    )


def sent(
    request: Request, institution: Institution, uploads: Sequence[UploadStatus], receipt: Receipt | None
) -> HTMLResponse:
    """Show the receipt of the last upload, and where all of them stand."""
    last = uploads[0]
    content = [
        tag("p", text("sent.reference")),
        tag("p", last.reference, class_="reference"),
    ]
    if receipt is not None:
        figures = [
            text("sent.studies", count=len(receipt.studies)),
            text("check.images", count=receipt.instances),
            text("check.documents_count", count=receipt.documents),
        ]
        content += [
            tag("p", text("sent.counted", what=", ".join(figures))),
            tag("p", text("sent.duplicates", count=receipt.duplicates)) if receipt.duplicates else Markup(),
            tag("p", text("sent.refused", count=len(receipt.refused))) if receipt.refused else Markup(),
        ]
    content.append(tag("p", text("sent.keep")))
    return page(
        request,
        text("sent.heading"),
        notice("success done", content),
        tag("section", tag("h2", text("sent.status")), [_upload(one) for one in uploads], class_="panel"),
        tag("p", tag("a", text("sent.again"), href="sent")),
        tag("p", tag("a", text("sent.another"), href="agree")),
        institution=institution,
    )


def trouble(request: Request, sentence: str, status: int) -> HTMLResponse:
    """Say what went wrong where there is no form to show it in."""
    way = tag("a", text("trouble.back"), href="check") if status not in {401, 410} else None
    return page(
        request,
        text("trouble.heading"),
        notice("error", tag("p", sentence), role="alert"),
        tag("p", way) if way else None,
        tag("p", tag("a", text("trouble.start"), href="start")),
        status=status,
    )


def _upload(upload: UploadStatus) -> Markup:
    rows = [
        tag(
            "li",
            ", ".join(filter(None, (_kinds(study.modalities), date_of(study.study_date)))),
            ": ",
            tag("strong", text(f"standing.{study.standing}")),
        )
        for study in upload.studies
    ]
    return tag(
        "div",
        tag("h3", upload.reference),
        tag("ul", rows) if rows else tag("p", text("sent.withdrawn" if upload.deletion else "sent.soon")),
    )


def _kinds(codes: Sequence[str]) -> str:
    return ", ".join(sorted({modality_of(code) for code in codes})) or text("modality_unknown")

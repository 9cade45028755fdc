"""The page that shows what has arrived, and asks: whose, which, and where documents belong."""

from importal.plain_form.door import Fields
from importal.plain_form.found import Found, FoundPerson, FoundStudy
from importal.plain_form.frame import checkbox, notice, submit, text_field
from importal.plain_form.markup import Markup, tag
from importal.plain_form.wording import date_of, modality_of, sentence, text
from importal.studies import Verdict
from importal.submissions import Contact

MOST_NAMED = 50
LEAVE_OUT = "none"


def content(
    found: Found, phone: str, comments: dict[str, str], contact: Contact, given: Fields | None
) -> list[Markup | None]:
    """Return what stands in the form; ``given``: what was answered before, when something was missing."""
    return [
        _refused(found),
        _question(found, phone),
        *[_person(found, person, comments, given) for person in found.persons],
        _documents(found, given),
        _contact(contact, given),
        tag("div", tag("p", text("check.before_send")), submit(text("check.send")), class_="panel start"),
    ]


def title_of(study: FoundStudy) -> str:
    """Return how a study is called: what it is, and when."""
    kinds = sorted({modality_of(code) for code in study.modalities}) or [text("modality_unknown")]
    date = date_of(study.date)
    return text("check.study", modality=", ".join(kinds), date=date) if date else ", ".join(kinds)


def name_of(person: FoundPerson) -> str:
    """Return a name (PN, PS3.5 section 6.2) as people write it."""
    group = person.name.split("=")[0] or person.name.replace("=", " ").strip()
    family, _, given = group.partition("^")
    words = " ".join(f"{given.replace('^', ' ')} {family}".split())
    return words or text("check.no_name")


def _question(found: Found, phone: str) -> Markup | None:
    if not found.is_asked:
        return None
    doubtful = any(person.verdict not in {None, Verdict.MATCHES} for person in found.persons)
    doubt = text("check.doubtful_phone", phone=phone) if phone else text("check.doubtful")
    return notice(
        "warning",
        tag("h2", text("check.question", count=len(found.persons)), id="persons"),
        tag("p", text("check.only_ticked")),
        tag("p", doubt) if doubtful else None,
    )


def _person(found: Found, person: FoundPerson, comments: dict[str, str], given: Fields | None) -> Markup:
    born = date_of(person.birth_date)
    chosen = found.is_preselected(person) if given is None else f"person-{person.ref}" in given
    box = checkbox(f"person-{person.ref}", text("check.send_person", name=name_of(person)), is_checked=chosen)
    head = tag(
        "div",
        tag("h2", name_of(person), class_="person-name"),
        tag("p", text("check.born", date=born) if born else text("check.born_unknown")),
        _verdict(person),
        box if found.is_asked else None,
        class_="patient-head",
    )
    shown = [_study(study, comments, given, is_one=len(found.studies) == 1) for study in person.studies]
    return tag("section", head, shown, class_="patient panel-like", aria_label=name_of(person))


def _verdict(person: FoundPerson) -> Markup | None:
    if person.verdict is None:
        return None
    key = f"verdict.{person.verdict.value}"
    if person.verdict is Verdict.DIFFERS and person.fields:
        key = f"{key}.{person.fields[0]}"
    kind = "verdict good" if person.verdict is Verdict.MATCHES else "verdict"
    return tag("p", text(key), class_=kind)


def _study(study: FoundStudy, comments: dict[str, str], given: Fields | None, *, is_one: bool) -> Markup:
    name = f"comment-{study.ref}"
    comment = comments.get(study.study_instance_uid, "") if given is None else given.get(name)
    chosen = given is None or f"study-{study.ref}" in given
    return tag(
        "div",
        tag("h3", title_of(study)),
        tag("p", study.description, class_="description") if study.description else None,
        tag("p", text("check.images", count=study.images)),
        None
        if is_one
        else checkbox(
            f"study-{study.ref}", text("check.send_study", name=title_of(study)), is_checked=chosen
        ),
        tag("label", text("check.comment"), for_=name),
        tag("textarea", comment, id=name, name=name, rows=2, maxlength=4000),
        class_="study",
    )


def _documents(found: Found, given: Fields | None) -> Markup | None:
    if not found.documents:
        return None
    rows = []
    for number, name in found.documents:
        field = f"document-{number}"
        chosen = given.get(field) if given is not None else ""
        options = [tag("option", text("check.document_choose"), value="")] if len(found.studies) > 1 else []
        options += [
            tag("option", title_of(study), value=study.ref, selected=chosen == study.ref)
            for study in found.studies
        ]
        options.append(
            tag("option", text("check.document_leave"), value=LEAVE_OUT, selected=chosen == LEAVE_OUT)
        )
        rows.append(
            tag(
                "div",
                tag("label", text("check.document_of", name=name), for_=field),
                tag("select", options, id=field, name=field),
                class_="field",
            )
        )
    lead = text("check.documents_lead") if len(found.studies) > 1 else text("check.documents_one")
    return tag("section", tag("h2", text("check.documents")), tag("p", lead), rows, class_="panel")


def _contact(contact: Contact, given: Fields | None) -> Markup:
    email = contact.email if given is None else given.get("email", 320)
    phone = contact.phone if given is None else given.get("phone", 50)
    return tag(
        "section",
        tag("h2", text("contact.heading")),
        tag("p", text("contact.lead")),
        text_field("email", text("contact.email"), email, type="email", autocomplete="email", maxlength=320),
        text_field("phone", text("contact.phone"), phone, type="tel", autocomplete="tel", maxlength=50),
        class_="panel",
    )


def _refused(found: Found) -> Markup | None:
    if not found.refused:
        return None
    named = [
        tag("li", tag("strong", file.name), ": ", sentence(file.code)) for file in found.refused[:MOST_NAMED]
    ]
    rest = len(found.refused) - MOST_NAMED
    return notice(
        "warning",
        tag("h2", text("check.refused", count=len(found.refused))),
        tag("ul", named, class_="paths"),
        tag("p", text("check.refused_more", count=rest)) if rest > 0 else None,
    )

"""The command line: start Importal, invite, send, check and look after it.

Exit codes: 0 done, 1 something failed, 2 wrong use or wrong settings, 3 not everything is ready.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from importal import __version__, accounts, audit, institutions, invitations, logs, settings, submissions
from importal.cli_dicom import app as dicom_app
from importal.cli_run import demo, serve, worker
from importal.cli_send import send
from importal.components import Components, build, prepare
from importal.dicom import DeidentificationOption
from importal.errors import TABLE, ConfigurationRefused, ImportalError
from importal.retention import purge as purge_site

app = typer.Typer(
    help="Importal: the front door of a hospital for medical images made elsewhere.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(worker)
app.command()(demo)
app.command()(send)
app.add_typer(dicom_app, name="dicom")

_DE_IDENTIFY = "off, basic, usual, or options of the Basic Profile divided by commas."
OPERATOR = audit.Actor("operator", "cli")


def _components(*, with_jobs: bool = False) -> Components:
    components = build(settings.load())
    prepare(components, with_jobs=with_jobs)
    return components


@app.command()
def institution(
    name: Annotated[str, typer.Argument(help="The hospital's name as senders read it.")],
    phone: Annotated[str | None, typer.Option(help="Phone number for questions.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address for questions.")] = None,
    hours: Annotated[str | None, typer.Option(help="When somebody answers.")] = None,
    manual_url: Annotated[str | None, typer.Option(help="Address of your instructions for senders.")] = None,
    privacy_policy: Annotated[Path | None, typer.Option(help="Text file with your privacy policy.")] = None,
    sharing_consent: Annotated[Path | None, typer.Option(help="Text file with the consent to share.")] = None,
    texts_language: Annotated[
        str | None, typer.Option(help="Language of both texts, such as en or de: the consents record it.")
    ] = None,
    max_gigabytes: Annotated[
        float | None, typer.Option(min=0.001, help="Most that one upload may hold.")
    ] = None,
    max_studies: Annotated[int | None, typer.Option(min=1, help="Most studies of one upload.")] = None,
    de_identify: Annotated[
        str | None, typer.Option(help=f"Whether new invitations are anonymous: {_DE_IDENTIFY}")
    ] = None,
) -> None:
    """Create the receiving hospital, or change what is given; the rest stays as it is."""
    wanted = {
        "name": name,
        "phone": phone,
        "email": email,
        "hours": hours,
        "manual_url": manual_url,
        "privacy_policy_text": None if privacy_policy is None else _text_of(privacy_policy),
        "sharing_consent_text": None if sharing_consent is None else _text_of(sharing_consent),
        "texts_language": None if texts_language is None else _language_of(texts_language),
        "max_bytes": None if max_gigabytes is None else int(max_gigabytes * 1e9),
        "max_studies": max_studies,
    }
    options = None if de_identify is None else _options_of(de_identify)
    site = _components().site
    with site.database.transaction() as session:
        known = institutions.only(session) or institutions.create(session, name)
        if de_identify is not None:
            known.deidentification = invitations.options_as_column(options)
        for field, value in wanted.items():
            if value is not None:
                setattr(known, field, value)
        language = known.texts_language
    print(f"{name} is ready to receive.")
    if privacy_policy or sharing_consent or texts_language:
        print(f"Consents are recorded as given to texts in {language!r} (--texts-language).")


def _options_of(text: str) -> frozenset[DeidentificationOption] | None:
    try:
        return invitations.parse_options(text)
    except ValueError:
        _fail(f"--de-identify is {_DE_IDENTIFY}", 2)


def _language_of(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        _fail("--texts-language is the code of a language, such as en or de.", 2)
    return text


def _text_of(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        _fail(f"{path} is not a text file in UTF-8, or it is empty.", 2)
    return text


@app.command()
def account(
    username: Annotated[str, typer.Argument(help="User name of the member of staff.")],
    display_name: Annotated[str, typer.Option(help="Name shown on the page.")] = "",
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="At least 10 characters."),
    ] = "",
) -> None:
    """Create an account for the desk, or set its password anew."""
    if len(password) < 10:
        _fail("The password needs at least 10 characters.", 2)
    site = _components().site
    with site.database.transaction() as session:
        known = accounts.find_account(session, username)
        if known is not None:
            accounts.set_password(session, site, known, password)
        else:
            home = institutions.only(session)
            if home is None:
                _fail('Create the hospital first: importal institution "Name of the hospital"', 2)
            accounts.create_account(session, site, home.id, username, password, display_name)
    print(f"{username} can log in at {site.settings.public_url}/desk")


@app.command()
def invite(
    label: Annotated[str, typer.Option(help="A note for the desk, for example what is expected.")] = "",
    sender: Annotated[str, typer.Option(help="patient or referring_physician")] = "patient",
    days: Annotated[int, typer.Option(min=1, max=365, help="How many days the code is valid.")] = 30,
    de_identify: Annotated[
        str | None,
        typer.Option(help=f"Make what comes anonymous: {_DE_IDENTIFY} The hospital's choice if not given."),
    ] = None,
    patient_name: Annotated[str, typer.Option(help="The expected patient, as in images: Family^Given.")] = "",
    birth_date: Annotated[str, typer.Option(help="The expected patient's date of birth, YYYY-MM-DD.")] = "",
    sex: Annotated[str, typer.Option(help="The expected patient's sex: M, F or O.")] = "",
    asked_for: Annotated[str, typer.Option(help='What is asked for, such as "MRI knee since 2025".')] = "",
    *,
    ask_birth_date: Annotated[
        bool, typer.Option("--ask-birth-date", help="Ask the sender for the date of birth beside the code.")
    ] = False,
) -> None:
    """Make an invitation and print its upload code and link."""
    if sex not in {"", "M", "F", "O"}:
        _fail("The sex is M, F or O.", 2)
    if sender not in set(invitations.SenderKind):
        _fail("The sender is either patient or referring_physician.", 2)
    options = None if de_identify is None else _options_of(de_identify)
    is_anonymous = None if de_identify is None else options is not None
    site = _components().site
    with site.database.transaction() as session:
        home = institutions.only(session)
        if home is None:
            _fail('Create the hospital first: importal institution "Name of the hospital"', 2)
        wanted = invitations.NewInvitation(
            home.id,
            invitations.SenderKind(sender),
            timedelta(days=days),
            label,
            is_anonymous,
            options,
            invitations.Expectation(patient_name, birth_date.replace("-", ""), sex, asked_for),
            ask_birth_date,
        )
        try:
            invitation, code = invitations.invite(session, site, wanted, OPERATOR)
        except ImportalError as error:
            _fail(TABLE[error.code].sentence, 2)
    print(f"Upload code  {code}")
    print(f"Link         {invitations.link_for(site, code)}")
    print(f"Valid until  {invitation.expires_at:%d %B %Y, %H:%M} UTC")
    if invitation.deidentification is not None:
        print(f"Anonymous    Basic Profile, {', '.join(invitation.deidentification) or 'no options'}")


@app.command()
def consents(
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day, in UTC.")],
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day after the last one; today included if not given."),
    ] = None,
) -> None:
    """Print the consents that were given in some time: one line of JSON each, with the exact words."""
    site = _components().site
    end = site.clock() if until is None else until.replace(tzinfo=UTC)
    with site.database.reading() as session:
        home = institutions.only(session)
        if home is None:
            _fail('Create the hospital first: importal institution "Name of the hospital"', 2)
        for record in submissions.consents(session, home.id, since.replace(tzinfo=UTC), end):
            print(json.dumps({**asdict(record), "given_at": record.given_at.isoformat()}, ensure_ascii=False))


@app.command()
def check() -> None:
    """Check database, storage and the connection to the PACS, one line each."""
    components = build(settings.load())
    results = {"settings": True, "database": _works(lambda: prepare(components))}
    results["storage"] = _works(components.site.storage.check)
    destination = components.destination
    if destination is not None:
        results[f"PACS {destination.name} (C-ECHO)"] = destination.echo()
    for name, is_good in results.items():
        print(f"{'ok    ' if is_good else 'FAILED'}  {name}")
    if destination is None:
        print("note    no PACS is set: uploads arrive and wait (IMPORTAL_DESTINATION)")
    if not all(results.values()):
        raise typer.Exit(3)


@app.command()
def purge() -> None:
    """Delete what is no longer needed: delivered images after their time, unfinished uploads, leftovers."""
    counts = purge_site(_components(with_jobs=True).site)
    for what, count in counts.items():
        print(f"{count:6}  {what}")


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def _works(verb: Callable[[], None]) -> bool:
    try:
        verb()
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the line says FAILED and the log the kind
        logs.get("cli").error("cli.check_failed", exc_info=error)
        return False
    return True


def _fail(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    logs.configure("warning")
    try:
        app()
    except ConfigurationRefused as refused:
        print("Importal does not start. Please check these settings:", file=sys.stderr)
        for name in refused.names:
            print(f"  IMPORTAL_{name.upper()}", file=sys.stderr)
        sys.exit(2)

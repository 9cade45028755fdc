"""``importal send``: send a folder, disc or ZIP archive to a portal from the command line.

Exit codes: 0 everything arrived, 1 it failed, 2 wrong use, 3 arrived, but some files were refused or could
not be sent.
"""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from importal import client
from importal.studies import Person, Verdict, judge

FAILED, WRONG_USE, PARTLY = 1, 2, 3
# Long enough for a restart, short enough for a mistyped address.
FIRST_PAUSES_SECONDS = (1, 2, 4, 8, 15)
# What coding saved is told from one part in so many on.
_WORTH_TELLING = 20
# From the least to the most doubtful.
DOUBTS = {
    Verdict.MATCHES: "of the person whom the hospital expects",
    Verdict.NOT_STATED: "name or date of birth not stated, so nobody can tell whose images these are",
    Verdict.DIFFERS: "something differs from the person whom the hospital expects",
    Verdict.ANOTHER_PERSON: "of another person, it seems, than the one whom the hospital expects",
}
DOUBT = list(DOUBTS)
# Sentences for what only this side knows; everything else comes from the portal.
SENTENCES = {
    "file.missing": "There is nothing at this place.",
    "file.changed": "changed while it was being read",
    "file.unreadable": "cannot be read",
    "file.empty": "is empty",
    "file.link": "is a link or no ordinary file",
    "file.not_accepted": "is neither an image nor a document",
    "file.copy": "is a copy of an image of the disc",
    "file.viewer": "belongs to the disc's viewer",
    "file.media_directory": "is the table of contents of the disc",
    "archive.damaged": "is a damaged archive",
    "archive.encrypted": "is protected by a password",
    "archive.bomb": "unpacks to suspiciously much",
    "archive.too_deep": "is an archive in too many archives",
    "archive.too_many_files": "holds too many files",
    "archive.too_large": "holds too much",
    "archive.unknown_method": "is packed in an unknown way",
}


def send(
    folder: Annotated[Path, typer.Argument(help="Folder, disc, ZIP archive or file to send.")],
    code: Annotated[str, typer.Option(help="Upload code, as in XXXX-XXXX-XXXX.")],
    url: Annotated[str, typer.Option(help="Address of the portal.")],
    *,
    birth_date: Annotated[
        str, typer.Option(help="The patient's date of birth, YYYY-MM-DD, if the hospital asks for it.")
    ] = "",
    email: Annotated[str, typer.Option(help="E-mail address for questions of the hospital.")] = "",
    phone: Annotated[str, typer.Option(help="Phone number for questions of the hospital.")] = "",
    comment: Annotated[str, typer.Option(help="A word to the hospital about these images.")] = "",
    accept_privacy_policy: Annotated[
        bool, typer.Option("--accept-privacy-policy", help="Agree to the hospital's privacy policy unasked.")
    ] = False,
    accept_sharing: Annotated[
        bool, typer.Option("--accept-sharing", help="Agree to sharing the images unasked.")
    ] = False,
    all_patients: Annotated[
        bool, typer.Option("--all-patients", help="Send although the images are of several patients.")
    ] = False,
    right_person: Annotated[
        bool,
        typer.Option(
            "--right-person", help="Send although the hospital seems to expect another person: you are sure."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending starts.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent.")] = False,
) -> None:
    """Send images and documents to a hospital.

    Repeat the same command after an interruption: what has arrived is not sent again.
    Exit codes: 0 everything arrived, 1 failed, 2 wrong use, 3 arrived without some files.
    """
    console = Console(highlight=False)
    selection = _look(console, folder)
    if not selection.instances:
        _stop("There are no medical images here, so there is nothing to send.", FAILED)
    if len(selection.persons) > 1 and not all_patients:
        _stop(
            f"The images are of {len(selection.persons)} patients. Choose the folder of one, "
            "or add --all-patients if all of them may be sent with this code.",
            WRONG_USE,
        )
    with client.Api(url, code, birth_date=birth_date.replace("-", "")) as api:
        opened = _open(console, api)
        _check_limits(opened, selection)
        verdicts = _compare(console, opened.expected, selection)
        if dry_run:
            console.print("Dry run: nothing was sent.")
            return
        is_doubtful = any(verdict is not Verdict.MATCHES for verdict in verdicts.values())
        if is_doubtful and not right_person:
            _ask_for_the_person()
        _agree(console, opened, privacy=accept_privacy_policy, sharing=accept_sharing)
        if not yes and sys.stdin.isatty() and not typer.confirm(f"Send to {opened.institution.name} now?"):
            _stop("Nothing was sent.", FAILED)
        wanted = client.Wanted(opened, email, phone, comment, verdicts=verdicts, is_confirmed=is_doubtful)
        _send(console, api, selection, wanted)


def _open(console: Console, api: client.Api) -> client.Opened:
    """Open the door; a portal that is just being restarted is waited for a little."""
    for pause_seconds in (*FIRST_PAUSES_SECONDS, None):
        try:
            return api.open()
        except client.ApiError as error:
            if not error.is_transient or pause_seconds is None:
                _stop(error.sentence or f"The portal answered with {error.code}.", FAILED)
            console.print(f"The portal does not answer. Trying again in {pause_seconds} seconds.")
            time.sleep(pause_seconds)
    raise AssertionError


def _look(console: Console, folder: Path) -> client.Selection:
    try:
        selection = client.select(client.gather(folder))
    except client.SourceUnreadable as error:
        _stop(SENTENCES.get(error.code, error.code), WRONG_USE)
    console.print(
        f"{_count(selection.instances, 'image')} in {_count(len(selection.studies), 'study', 'studies')}, "
        f"{_count(selection.documents, 'document')}, {_size(selection.size)}"
    )
    if selection.left_out:
        is_or_are = "is" if len(selection.left_out) == 1 else "are"
        console.print(f"{_count(len(selection.left_out), 'file')} {is_or_are} left out:")
    for left in selection.left_out[:20]:
        console.print(f"  {left.path}: {SENTENCES.get(left.code, left.code)}", markup=False)
    if len(selection.left_out) > 20:
        console.print(f"  and {len(selection.left_out) - 20} more")
    return selection


def _check_limits(opened: client.Opened, selection: client.Selection) -> None:
    if selection.size > opened.max_bytes:
        _stop(f"This is more than the {_size(opened.max_bytes)} that the hospital accepts.", FAILED)
    if len(selection.studies) > opened.max_studies:
        most = _count(opened.max_studies, "study", "studies")
        _stop(f"The hospital accepts {most} at once; these are more.", FAILED)


def _compare(console: Console, expected: client.Expected, selection: client.Selection) -> dict[str, Verdict]:
    """Compare each study with whom the hospital expects, and say what does not agree."""
    if expected.asked_for:
        console.print(f"The hospital asks for: {expected.asked_for}", markup=False)
    if not expected.patient_name and not expected.birth_date:
        return {}
    wanted = Person(expected.patient_name, expected.birth_date, expected.sex)
    verdicts = {uid: _verdict(wanted, selection.persons_of.get(uid, ())) for uid in sorted(selection.studies)}
    for verdict in sorted(set(verdicts.values()), key=DOUBT.index):
        count = sum(each is verdict for each in verdicts.values())
        console.print(f"{_count(count, 'study', 'studies')}: {DOUBTS[verdict]}")
    return verdicts


def _verdict(expected: Person, found: Iterable[client.Person]) -> Verdict:
    """Return the most doubtful verdict; a report may lack what the images of its study tell."""
    verdicts = [judge(expected, Person(each.name, each.birth_date, each.sex)).verdict for each in found] or [
        Verdict.NOT_STATED
    ]
    told = [verdict for verdict in verdicts if verdict is not Verdict.NOT_STATED]
    return max(told or verdicts, key=DOUBT.index)


def _ask_for_the_person() -> None:
    if not sys.stdin.isatty():
        _stop("Please look whose images these are. If they are right, add --right-person.", WRONG_USE)
    if not typer.confirm("Are these images of the right person?"):
        _stop("Nothing was sent.", FAILED)


def _agree(console: Console, opened: client.Opened, *, privacy: bool, sharing: bool) -> None:
    institution = opened.institution
    for is_given, text, question in (
        (privacy, institution.policy_text, "Do you agree to this privacy policy?"),
        (sharing, institution.sharing_text, "Do you agree?"),
    ):
        if is_given:
            continue
        console.print(f"\n{text}\n", markup=False)
        if not sys.stdin.isatty():
            _stop("Please agree with --accept-privacy-policy and --accept-sharing.", WRONG_USE)
        if not typer.confirm(question):
            _stop("Without your agreement nothing can be sent.", FAILED)


def _send(console: Console, api: client.Api, selection: client.Selection, wanted: client.Wanted) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Sending", total=selection.size)

        def show(progress: client.Progress) -> None:
            description = "Waiting for the line" if progress.is_waiting else "Sending"
            bar.update(task, completed=progress.confirmed_bytes, description=description)

        transfer = client.Transfer(api, selection.files, show)
        try:
            receipt = transfer.run(wanted)
        except client.TransferFailed as error:
            reason = error.sentence or f"The portal answered with {error.code}."
            _stop(f"{reason}\nRepeat the command to go on; what arrived is not lost.", FAILED)
    saved = _saved(transfer.progress)
    if saved:
        console.print(saved)
    _print_receipt(console, wanted.opened, selection, receipt, transfer.unsent)


def _print_receipt(
    console: Console,
    opened: client.Opened,
    selection: client.Selection,
    receipt: client.Receipt,
    unsent: dict[int, str],
) -> None:
    console.print(f"{opened.institution.name} has received:", markup=False)
    console.print(f"  {_count(receipt.instances, 'image')}, {_count(receipt.documents, 'document')}")
    if receipt.attachments:
        console.print(
            f"  {receipt.attachments} of the documents cannot be filed with the images, but staff can read "
            f"{'it' if receipt.attachments == 1 else 'them'}"
        )
    if receipt.duplicates:
        was_or_were = "was" if receipt.duplicates == 1 else "were"
        console.print(f"  {_count(receipt.duplicates, 'image')} {was_or_were} there twice; each is kept once")
    console.print(f"Reference number: {receipt.reference}")
    if not receipt.refused:
        return
    console.print(f"{_count(len(receipt.refused), 'file')} could not be used:")
    for file in receipt.refused:
        # What went wrong on this side is known here more exactly.
        reason = SENTENCES.get(unsent.get(file.number, ""), file.sentence)
        console.print(f"  {selection.files[file.number].source.path}: {reason}", markup=False)
    raise typer.Exit(PARTLY)


def _saved(progress: client.Progress) -> str:
    """Return a sentence on what was spared the line by coding; empty where that is next to nothing."""
    saved = progress.carried_bytes - progress.sent_bytes
    if saved <= 0 or saved * _WORTH_TELLING < progress.carried_bytes:
        return ""
    sent, carried = _size(progress.sent_bytes), _size(progress.carried_bytes)
    return f"{carried} were sent as {sent}, without loss: they were compressed for the way."


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _size(size: int) -> str:
    """Return a size in the unit that suits it, as discs print them."""
    if size < 1000:
        return _count(size, "byte")
    if size < 999_500:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.1f} MB" if size < 999_950_000 else f"{size / 1e9:.1f} GB"


def _stop(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)

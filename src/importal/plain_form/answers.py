"""What the sender answered on the check page, held against what has arrived, and what follows from it."""

from dataclasses import dataclass, field

from importal import submissions, transfers
from importal.invitations import SenderSession
from importal.plain_form.check_page import LEAVE_OUT
from importal.plain_form.door import Fields
from importal.plain_form.found import Found, FoundPerson
from importal.plain_form.wording import text
from importal.site import Site
from importal.submissions import Contact, StudyWords
from importal.transfers import Receipt


@dataclass
class Answers:
    """What is sent, and with which words; with errors nothing is."""

    persons: list[FoundPerson] = field(default_factory=list)
    words: dict[str, StudyWords] = field(default_factory=dict, repr=False)
    assigned: dict[int, str] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    contact: Contact = field(default_factory=Contact)
    errors: list[tuple[str, str]] = field(default_factory=list)


def read_answers(found: Found, given: Fields) -> Answers:
    """Return the answers; each error names the field that it is about."""
    answers = Answers(contact=Contact(given.get("email", 320), given.get("phone", 50)))
    answers.persons = [
        person for person in found.persons if not found.is_asked or f"person-{person.ref}" in given
    ]
    is_one = len(found.studies) == 1
    chosen: dict[str, str] = {}
    for person in found.persons:
        for study in person.studies:
            if person in answers.persons and (is_one or f"study-{study.ref}" in given):
                chosen[study.ref] = study.study_instance_uid
                _add_words(answers, found, study.study_instance_uid, given.get(f"comment-{study.ref}"))
            else:
                answers.left_out |= set(study.files)
    _read_documents(answers, found, given, chosen)
    sent = set(chosen.values())
    for uid, numbers in found.loose.items():
        # Of a study that is not sent, or of nobody knows whom where not everybody's is.
        if uid not in sent and answers.left_out:
            answers.left_out |= set(numbers)
    if not answers.persons:
        answers.errors.insert(0, (text("check.missing_person"), f"person-{found.persons[0].ref}"))
    elif not chosen:
        answers.errors.insert(0, (text("check.missing_study"), f"study-{found.studies[0].ref}"))
    return answers


def hand_over(site: Site, sender: SenderSession, submission_id: str, answers: Answers) -> Receipt:
    """Delete what is left out, keep the words, and hand the rest over; after a crash the same once more."""
    transfers.leave_out(site, sender, submission_id, answers.left_out)
    transfers.assign(site, sender, submission_id, answers.assigned)
    with site.database.transaction() as session:
        submission = submissions.for_sender(session, sender, submission_id, lock=True)
        submissions.change_details(session, site, submission, answers.contact, answers.words)
    return transfers.hand_over(site, sender, submission_id)


def _add_words(answers: Answers, found: Found, uid: str, comment: str) -> None:
    earlier = answers.words.get(uid, StudyWords()).comment
    verdict = found.verdict_on(uid, answers.persons)
    both = "\n".join(filter(None, (earlier, comment)))
    answers.words[uid] = StudyWords(both, verdict, verdict is not None and found.is_asked)


def _read_documents(answers: Answers, found: Found, given: Fields, chosen: dict[str, str]) -> None:
    for number, name in found.documents:
        answer = given.get(f"document-{number}", 100)
        if answer == LEAVE_OUT:
            answers.left_out.add(number)
        elif answer in chosen:
            answers.assigned[number] = chosen[answer]
        elif not answer and len(chosen) == 1:
            (answers.assigned[number],) = chosen.values()
        elif chosen:
            answers.errors.append((text("check.missing_document", name=name), f"document-{number}"))

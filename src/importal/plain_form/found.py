"""What has arrived of a submission: whose images, which studies, which documents."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from importal import dicom, invitations, studies, submissions, transfers
from importal.dicom import DisplayAttributes
from importal.invitations import SenderSession
from importal.site import Site
from importal.studies import Verdict
from importal.transfers import ArrivedFile, RefusedName

# Files of a disc that nobody misses.
HARMLESS = frozenset({"dicom.media_directory", "file.program", "file.viewer", "file.copy", "file.link"})
# As much of an object as names its patient; what an object holds before its pixels seldom is larger.
HEAD_BYTES = 1024 * 1024
_RANKS = (Verdict.MATCHES, Verdict.NOT_STATED, Verdict.DIFFERS, Verdict.ANOTHER_PERSON)


@dataclass
class FoundStudy:
    """One study of one person; ``ref`` names it in the form and says nothing."""

    ref: str
    study_instance_uid: str
    date: str
    description: str = field(repr=False)
    modalities: list[str] = field(default_factory=list)
    images: int = 0
    files: list[int] = field(default_factory=list)


@dataclass
class FoundPerson:
    """One person, as the images say; without a verdict where the hospital expects nobody."""

    ref: str
    name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str
    verdict: Verdict | None
    fields: tuple[str, ...]
    studies: list[FoundStudy] = field(default_factory=list)


@dataclass
class Found:
    """All that has arrived."""

    persons: list[FoundPerson] = field(default_factory=list)
    documents: list[tuple[int, str]] = field(default_factory=list, repr=False)
    refused: list[RefusedName] = field(default_factory=list)
    harmless: int = 0
    duplicates: int = 0
    # Files of which nothing can be shown, by the study that they are said to belong to.
    loose: dict[str, list[int]] = field(default_factory=dict)

    @property
    def studies(self) -> list[FoundStudy]:
        """All studies, of all persons."""
        return [study for person in self.persons for study in person.studies]

    @property
    def is_asked(self) -> bool:
        """Whether the sender has to say whose images are meant."""
        doubtful = any(person.verdict not in {None, Verdict.MATCHES} for person in self.persons)
        return len(self.persons) > 1 or doubtful

    def is_preselected(self, person: FoundPerson) -> bool:
        """Whether a person is chosen before anybody was asked: nobody else than the expected one is."""
        return not self.is_asked or person.verdict is Verdict.MATCHES

    def verdict_on(self, study_instance_uid: str, chosen: Iterable[FoundPerson]) -> str | None:
        """Return the most doubtful verdict of those chosen persons who claim a study."""
        found = [
            person.verdict
            for person in chosen
            if person.verdict is not None
            and any(study.study_instance_uid == study_instance_uid for study in person.studies)
        ]
        return max(found, key=_RANKS.index).value if found else None


def find(site: Site, sender: SenderSession, submission_id: str) -> Found:
    """Return what has arrived; one object of each series is read, for whom it is of and what it is."""
    with site.database.reading() as session:
        submission = submissions.for_sender(session, sender, submission_id)
        arrived = transfers.arrived(session, submission.id)
        refused = transfers.refused(session, site, submission.id)
        expected = invitations.expectation_of(site, invitations.get(session, sender.invitation_id))
    found = Found(
        refused=[file for file in refused if file.code not in HARMLESS],
        harmless=sum(file.code in HARMLESS for file in refused),
        duplicates=sum(file.kind == "duplicate" for file in arrived),
    )
    builder = _Builder(site, found, submission_id, expected)
    for file in arrived:
        if file.kind == "instance":
            builder.add(file)
    for file in arrived:
        builder.add_beside(file)
    for person in found.persons:
        person.studies.sort(key=lambda study: study.date, reverse=True)
    return found


class _Builder:
    def __init__(
        self, site: Site, found: Found, submission_id: str, expected: invitations.Expectation
    ) -> None:
        self._site, self._found, self._submission_id = site, found, submission_id
        self._expected = expected
        self._study_of: dict[tuple[str, str, str], FoundStudy] = {}
        self._persons: dict[tuple[str, ...], FoundPerson] = {}

    def add(self, file: ArrivedFile) -> None:
        assert file.facts is not None
        key = _series(file.facts)
        if key not in self._study_of:
            self._study_of[key] = self._study(file, file.facts)
        study = self._study_of[key]
        study.images += 1
        study.files.append(file.number)

    def add_beside(self, file: ArrivedFile) -> None:
        """Add what is no image of its own; a repetition and a conflict go the way of their study."""
        if file.kind == "document":
            self._found.documents.append((file.number, file.name(self._site)))
        elif file.kind == "instance":
            return
        elif file.facts is not None and _series(file.facts) in self._study_of:
            self._study_of[_series(file.facts)].files.append(file.number)
        else:
            uid = file.facts.study_instance_uid if file.facts else file.announced_study_uid or ""
            self._found.loose.setdefault(uid, []).append(file.number)

    def _study(self, file: ArrivedFile, facts: dicom.InstanceFacts) -> FoundStudy:
        shown = _display(self._site, file)
        person = self._person(facts.patient_pseudonym, shown)
        uid = facts.study_instance_uid
        study = next((one for one in person.studies if one.study_instance_uid == uid), None)
        if study is None:
            study = FoundStudy(self._ref(person.ref, uid), uid, shown.study_date, shown.study_description)
            person.studies.append(study)
        modality = facts.modality or shown.modality
        if modality and modality not in study.modalities:
            study.modalities.append(modality)
        return study

    def _person(self, pseudonym: str, shown: DisplayAttributes) -> FoundPerson:
        name, birth_date = shown.patient_name.strip("^= "), shown.patient_birth_date.strip()
        key = (pseudonym, name.casefold(), birth_date)
        if key not in self._persons:
            verdict, fields = self._judge(shown)
            person = FoundPerson(self._ref(*key), name, birth_date, shown.patient_sex, verdict, fields)
            self._persons[key] = person
            self._found.persons.append(person)
        return self._persons[key]

    def _judge(self, shown: DisplayAttributes) -> tuple[Verdict | None, tuple[str, ...]]:
        expected = self._expected
        if not expected.names_somebody:
            return None, ()
        judged = studies.judge(
            studies.Person(expected.patient_name, expected.birth_date, expected.sex),
            studies.Person(shown.patient_name, shown.patient_birth_date, shown.patient_sex),
        )
        return judged.verdict, tuple(one.value for one in judged.fields)

    def _ref(self, *parts: str) -> str:
        return self._site.keys.blind("plain-form-part", "\0".join((self._submission_id, *parts)))[:24]


def _series(facts: dicom.InstanceFacts) -> tuple[str, str, str]:
    return facts.patient_pseudonym, facts.study_instance_uid, facts.series_instance_uid


def _display(site: Site, file: ArrivedFile) -> DisplayAttributes:
    assert file.storage_key is not None
    path = None if transfers.is_sealed(file.storage_key) else site.storage.path(file.storage_key)
    try:
        if path is not None:
            with path.open("rb") as stored:
                return dicom.read_display(stored.read(HEAD_BYTES))
        return dicom.read_display(transfers.read_object(site, file.storage_key))
    except (KeyError, OSError):
        return dicom.read_display(b"")

"""Makes objects of made-up subjects with identifiers everywhere, and the key to what must become of it.

The ten categories are those in which the MIDI-B benchmark scores: what is kept, filled, removed, moved,
replaced and held. Values come from a seeded generator and occur nowhere else.
"""

import random
import struct
from dataclasses import dataclass, field

from tests.unit.dicom import samples

CATEGORIES = (
    "tag_retained",
    "text_notnull",
    "text_retained",
    "text_removed",
    "date_shifted",
    "uid_changed",
    "uid_consistent",
    "patid_consistent",
    "pixels_hidden",
    "pixels_retained",
)
STORAGE = "1.2.840.10008.5.1.4.1.1."
# IOD: SOP class, modality, whether it has pixels, whether a person has to look at it.
IODS = {
    "ct": (STORAGE + "2", "CT", True, False),
    "mr": (STORAGE + "4", "MR", True, False),
    "pet": (STORAGE + "128", "PT", True, False),
    "dx": (STORAGE + "1.1.1", "DX", True, False),
    "enhanced mr": (STORAGE + "4.1", "MR", True, False),
    "us": (STORAGE + "6.1", "US", True, True),
    "sc": (STORAGE + "7", "CT", True, True),
    "photo": (STORAGE + "77.1.4", "XC", True, True),
    "sr": (STORAGE + "88.22", "SR", False, False),
    "rtstruct": (STORAGE + "481.3", "RTSTRUCT", False, False),
    "seg": (STORAGE + "66.4", "SEG", True, False),
    "pdf": (STORAGE + "104.1", "DOC", False, True),
}
SAFE_TEXTS = (
    "CT CHEST W/ CONTRAST",
    "MRI BRAIN W/WO CONTRAST",
    "AX T1 FS POST GAD",
    "Knee left 3 views",
    "t2_tse_sag 3mm",
    "PET WB FDG uncorrected",
    "Lumbar spine lateral",
)
_SYLLABLES = ("zor", "quab", "vex", "plim", "druk", "wajo", "nyth", "gorv", "xeb", "hulm")
_PLANTS = (
    "{safe} {name}",
    "{safe}, Dr. {doctor}",
    "{doctor} called 555-867-{digits}",
    "MRN {mrn} {safe}",
    "{safe} {date}",
    "pt {name} seen by {doctor}",
)


@dataclass(frozen=True)
class Answer:
    """One required action: the category, where in the object (tags, item numbers between), and the value."""

    category: str
    path: tuple[int, ...]
    value: str = ""


@dataclass
class Made:
    """An object, whose it is, and what must become of it."""

    subject: int
    iod: str
    content: bytes
    answers: list[Answer] = field(default_factory=list)


class AnswerKey:
    """Makes subjects with studies, the same from the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def word(self, syllables=3):
        return "".join(self._random.choice(_SYLLABLES) for _ in range(syllables)).capitalize()

    def digits(self, count):
        return "".join(self._random.choice("0123456789") for _ in range(count))

    def date(self):
        year, month, day = (self._random.randint(*span) for span in ((1990, 2025), (1, 12), (1, 28)))
        return f"{year}{month:02}{day:02}"

    def uid(self):
        return f"1.2.826.0.1.3680043.8.498.{self._random.getrandbits(80)}"

    def objects(self, subjects):
        """Return objects of so many subjects, each IOD in each syntax in turn."""
        made = []
        syntaxes = [
            ("explicit", {}),
            ("implicit", {}),
            ("big", {}),
            ("deflated", {}),
            ("explicit", {"unknown": True}),
        ]
        for subject in range(subjects):
            person = _Person(self)
            for study in range(2):
                own = _Study(self)
                for number, iod in enumerate(IODS):
                    syntax, form = syntaxes[(subject + study + number) % len(syntaxes)]
                    form |= {"defined": bool((subject + number) % 2)}
                    made.append(
                        _object(self, subject, person, own, iod, (syntax, samples.layout_of(syntax, **form)))
                    )
        return made


class _Person:
    def __init__(self, key):
        self.family, self.given = key.word(), key.word(2)
        self.patient_id = f"{key.word(1).upper()}{key.digits(7)}"
        self.birth_date = key.date()
        self.doctor, self.issuer = key.word(), key.word()
        self.address = f"{key.digits(3)} {key.word()} Street"
        self.telephone = f"+1-555-{key.digits(7)}"


class _Study:
    def __init__(self, key):
        self.uid, self.frame, self.accession, self.date = (
            key.uid(),
            key.uid(),
            "A" + key.digits(8),
            key.date(),
        )
        self.instances = []


def _object(key, subject, person, study, iod, form):
    syntax, layout = form
    sop_class, modality, has_pixels, is_held = IODS[iod]
    maker = _Maker(key, person, study, layout)
    maker.general(sop_class, modality)
    maker.references()
    maker.nested()
    if iod == "sr":
        maker.report()
    if iod == "pdf":
        maker.put(0x00420011, "OB", b"%PDF-1.4 " + person.family.encode())
        maker.put(0x00420012, "LO", "application/pdf")
    if has_pixels:
        maker.pixels(is_held=is_held)
    if is_held:
        maker.answers.append(Answer("pixels_hidden", ()))
    content = samples.part10(samples.as_list(maker.elements), syntax, layout=layout)
    return Made(subject, iod, content, maker.answers)


class _Maker:
    """Writes one object and notes the answers while it does."""

    def __init__(self, key, person, study, layout):
        self.key, self.person, self.study, self.layout = key, person, study, layout
        self.elements, self.answers = {}, []

    def put(self, tag, vr, value, *categories):
        self.elements[tag] = (vr, value)
        self.answers += [
            Answer(category, (tag,), value if isinstance(value, str) else "") for category in categories
        ]

    def phi(self):
        text = self.key._random.choice(_PLANTS).format(
            safe=self.key._random.choice(SAFE_TEXTS),
            name=self.person.family,
            doctor=self.person.doctor,
            digits=self.key.digits(4),
            mrn=self.person.patient_id,
            date=f"{self.key.digits(2)}/{self.key.digits(2)}/{self.key.digits(4)}",
        )
        return text[:64]

    def general(self, sop_class, modality):
        key, person, study = self.key, self.person, self.study
        instance = key.uid()
        study.instances.append((sop_class, instance))
        self.put(0x00080005, "CS", "ISO_IR 100", "text_retained")
        self.put(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL", "text_retained")
        self.put(0x00080016, "UI", sop_class, "text_retained")
        self.put(0x00080018, "UI", instance, "uid_changed", "uid_consistent", "text_notnull")
        for tag in (0x00080020, 0x00080021, 0x00080022, 0x00080023):
            self.put(tag, "DA", study.date, "date_shifted")
        self.put(0x0008002A, "DT", study.date + "101112.5+0100", "date_shifted")
        self.put(0x00080030, "TM", "101112", "tag_retained", "text_retained")
        self.put(0x00080050, "SH", study.accession, "text_removed", "tag_retained")
        self.put(0x00080060, "CS", modality, "text_retained")
        self.put(0x00080070, "LO", "Maker of scanners", "text_retained")
        self.put(0x00080080, "LO", f"{key.word()} Hospital", "text_removed")
        self.put(0x00080081, "ST", person.address, "text_removed")
        self.put(0x00080090, "PN", f"{person.doctor}^{key.word(2)}", "text_removed", "tag_retained")
        self.put(0x00081030, "LO", key._random.choice(SAFE_TEXTS), "text_retained")
        self.put(0x0008103E, "LO", self.phi(), "text_removed")
        self.put(0x00081048, "PN", person.doctor, "text_removed")
        self.put(0x00081050, "PN", person.doctor, "text_removed")
        self.put(0x00081090, "LO", "Model 7", "text_retained")
        self.put(0x00091001, "LO", person.family, "text_removed")
        self.put(0x00090010, "LO", "PRIVATE MAKER", "text_removed")
        self.put(0x00100010, "PN", f"{person.family}^{person.given}", "text_removed", "tag_retained")
        self.put(0x00100020, "LO", person.patient_id, "text_removed", "text_notnull", "patid_consistent")
        self.put(0x00100021, "LO", person.issuer, "text_removed")
        self.put(0x00100030, "DA", person.birth_date, "text_removed", "tag_retained")
        self.put(0x00100040, "CS", "F", "text_retained")
        self.put(0x00101000, "LO", person.patient_id + "X", "text_removed")
        self.put(0x00101010, "AS", "045Y", "text_retained")
        self.put(0x00101040, "LO", person.address, "text_removed")
        self.put(0x00102154, "SH", person.telephone[:16], "text_removed")
        self.put(0x00104000, "LT", self.phi(), "text_removed")
        self.put(0x00181000, "LO", "SN-" + key.digits(4), "text_retained")
        self.put(0x00181020, "LO", "VB20", "text_retained")
        self.put(0x0020000D, "UI", study.uid, "uid_changed", "uid_consistent", "text_notnull")
        self.put(0x0020000E, "UI", key.uid(), "uid_changed", "uid_consistent", "text_notnull")
        self.put(0x00200010, "SH", "S" + key.digits(5), "text_removed", "text_notnull")
        self.put(0x00200011, "IS", "3", "text_retained")
        self.put(0x00200052, "UI", study.frame, "uid_changed", "uid_consistent")
        self.put(0x00324000, "LT", self.phi(), "text_removed")
        self.put(0x00380010, "LO", "ADM" + key.digits(6), "text_removed")
        self.put(0x00402017, "LO", "F" + key.digits(6), "text_removed")
        self.put(0x00402006, "SH", "R" + key.digits(6), "text_removed")
        self.put(0x60003000, "OW", b"\1\2" * 8, "text_removed")
        self.put(0xFFFCFFFC, "OB", person.family.encode() + b"\0", "text_removed")

    def references(self):
        items = [[(0x00081150, "UI", kind), (0x00081155, "UI", uid)] for kind, uid in self.study.instances]
        self.elements[0x00081199] = ("SQ", items)
        for number, (kind, uid) in enumerate(self.study.instances):
            self.answers.append(Answer("uid_consistent", (0x00081199, number, 0x00081155), uid))
            self.answers.append(Answer("text_retained", (0x00081199, number, 0x00081150), kind))

    def nested(self):
        accession, scheduled = self.study.accession, self.key.word()
        request = [
            (0x00080050, "SH", accession),
            (0x0032000A, "CS", "STARTED"),
            (0x00402016, "LO", "P" + accession),
        ]
        self.elements[0x0040A370] = ("SQ", [request])
        self.elements[0x00400100] = ("SQ", [[(0x00080050, "SH", accession), (0x00400006, "PN", scheduled)]])
        code = [(0x00080100, "SH", "T-D3000"), (0x00080102, "SH", "SRT"), (0x00080104, "LO", "Chest")]
        deep = [
            (0x00081032, "SQ", [code]),
            (0x00100010, "PN", self.person.family),
            (0x00104000, "LT", self.phi()),
        ]
        self.elements[0x00089215] = ("SQ", [[*code, (0x00081140, "SQ", [deep])]])
        for path, value in (
            ((0x0040A370, 0, 0x00080050), accession),
            ((0x0040A370, 0, 0x00402016), "P" + accession),
            ((0x00400100, 0, 0x00080050), accession),
            ((0x00400100, 0, 0x00400006), scheduled),
            ((0x00089215, 0, 0x00081140, 0, 0x00100010), self.person.family),
        ):
            self.answers.append(Answer("text_removed", path, value))
        self.answers.append(Answer("text_retained", (0x00089215, 0, 0x00080104), "Chest"))

    def report(self):
        concept = [(0x00080100, "SH", "121071"), (0x00080102, "SH", "DCM"), (0x00080104, "LO", "Finding")]
        text = [(0x0040A040, "CS", "TEXT"), (0x0040A043, "SQ", [concept]), (0x0040A160, "UT", self.phi())]
        name = [
            (0x0040A040, "CS", "PNAME"),
            (0x0040A043, "SQ", [concept]),
            (0x0040A123, "PN", self.person.doctor),
        ]
        when = [
            (0x0040A040, "CS", "DATE"),
            (0x0040A043, "SQ", [concept]),
            (0x0040A121, "DA", self.study.date),
        ]
        same = [
            (0x0040A040, "CS", "UIDREF"),
            (0x0040A043, "SQ", [concept]),
            (0x0040A124, "UI", self.study.uid),
        ]
        self.elements[0x0040A040] = ("CS", "CONTAINER")
        self.elements[0x0040A730] = ("SQ", [text, name, when, same])
        top = 0x0040A730
        self.answers += [
            Answer("text_removed", (top, 0, 0x0040A160), text[2][2]),
            Answer("text_notnull", (top, 0, 0x0040A160)),
            Answer("text_removed", (top, 1, 0x0040A123), self.person.doctor),
            Answer("date_shifted", (top, 2, 0x0040A121), self.study.date),
            Answer("uid_consistent", (top, 3, 0x0040A124), self.study.uid),
            Answer("text_retained", (top, 0, 0x0040A043, 0, 0x00080104), "Finding"),
        ]

    def pixels(self, *, is_held):
        mark = self.layout.order + "H"
        for tag, value in ((0x00280002, 1), (0x00280010, 16), (0x00280011, 16), (0x00280100, 16)):
            self.elements[tag] = ("US", struct.pack(mark, value))
            self.answers.append(Answer("tag_retained", (tag,)))
        self.elements[0x7FE00010] = ("OW", samples.PIXELS)
        if not is_held:
            self.put(0x00280301, "CS", "NO", "text_retained")
            self.answers.append(Answer("pixels_retained", (0x7FE00010,)))

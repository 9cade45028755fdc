"""Write the data of the de-identify mode: Table E.1-1 of PS3.15, and which IOD needs which attribute.

Reads Table E.1-1 from the standard's own text, part 15 as DocBook or HTML, when it is given:

    python -m tools.confidentiality_table --part15 part15.xml --edition 2026c --modules FOLDER

Where the text is not at hand, it reads what two packages of the registry took from it: the actions of the
Basic Profile from dicom-anonymizer (--actions dicomfields_2026c.py), the columns of the options from
dicom-standard (--columns confidentiality_profile_attributes.json). Options of attributes that are younger
than the latter stand in this file. The edition of each part is written into the data. --modules is the
folder of dicom-standard with the module tables of PS3.3.
"""

import argparse
import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path

from pydicom.datadict import DicomDictionary, dictionary_VR, keyword_for_tag

DATA = Path("src/importal/dicom/data")
COLUMNS = (
    "retain_safe_private",
    "retain_uids",
    "retain_device",
    "retain_institution",
    "retain_patient_characteristics",
    "retain_full_dates",
    "retain_modified_dates",
    "clean_descriptors",
    "clean_structured_content",
    "clean_graphics",
)
_PACKAGED = dict(
    zip(
        (
            "rtnSafePrivOpt",
            "rtnUIDsOpt",
            "rtnDevIdOpt",
            "rtnInstIdOpt",
            "rtnPatCharsOpt",
            "rtnLongFullDatesOpt",
            "rtnLongModifDatesOpt",
            "cleanDescOpt",
            "cleanStructContOpt",
            "cleanGraphOpt",
        ),
        COLUMNS,
        strict=True,
    )
)
# Rows of PS3.15 2025 and later whose columns follow neither from their VR nor from the older extraction.
_YOUNGER = {
    ("clean_descriptors", "C"): """
        AcquisitionFieldOfViewLabel AnnotationGroupDescription AnnotationGroupLabel CommentsOnRadiationDose
        DisplacementReferenceLabel FilterLookupTableDescription InterlockDescription
        InterlockOriginDescription
        PatientSetupPhotoDescription PatientTreatmentPreparationMethodDescription
        PatientTreatmentPreparationProcedureParameterDescription PositionAcquisitionTemplateDescription
        PositionAcquisitionTemplateName PyramidDescription PyramidLabel ReasonForTheAttributeModification
        RequestedSeriesDescription ROIDescription ROIGenerationDescription ROIName ROIObservationDescription
        ROIObservationLabel SelectorLOValue SelectorLTValue SelectorSHValue SelectorSTValue SelectorUTValue
        StructureSetDescription StructureSetLabel StructureSetName TreatmentSites
        TreatmentToleranceViolationDescription WaveformFilterDescription""",
    ("retain_device", "K"): """
        BeamHoldTransitionDateTime CalibrationDate CalibrationDateTime CalibrationTime DateOfInstallation
        DateOfLastCalibration DateOfLastDetectorCalibration DateOfManufacture DateTimeOfLastCalibration
        ModifyingSystem ModifyingDeviceID TimeOfLastCalibration TimeOfLastDetectorCalibration
        TransducerIdentificationSequence""",
    ("retain_device", "C"): """
        DestinationAE NetworkID Originator ReceivingAE RequestingAE RetrieveAETitle SelectorAEValue
        StationAETitle PerformedStationAETitle ScheduledStationAETitle ScheduledStudyLocationAETitle""",
    ("retain_patient_characteristics", "K"): "SelectorASValue",
    ("retain_institution", "K"): "SourceOfPreviousValues",
}
_TAG = re.compile(r"\(([0-9A-Fa-fxX]{4}),\s*([0-9A-Fa-fxX]{4})\)")
_ACTION = re.compile(r"[DZXKCU]([/][DZXKCU])*\*?")
_STRENGTH = {"1": "1", "1C": "1", "2": "2", "2C": "2", "3": "3"}

Row = dict[str, object]


class UnreadableTable(Exception):
    """The text is not the table that was expected."""


def rows_of_standard(text: str) -> Iterator[Row]:
    """Read the rows of Table E.1-1 from part 15 as DocBook XML or as XHTML."""
    table = _Table()
    table.feed(text)
    for cells in table.rows:
        tag = _TAG.fullmatch(cells[1]) if len(cells) == 5 + len(COLUMNS) else None
        if tag is None or "X" in tag[1].upper():
            continue  # the head, curves, overlays and private ones, which are no rows of one attribute
        actions = cells[4:]
        if not all(not action or _ACTION.fullmatch(action) for action in actions):
            raise UnreadableTable(f"{tag[0]}: {actions}")
        options = {column: action for column, action in zip(COLUMNS, actions[1:], strict=True) if action}
        yield {"tag": (tag[1] + tag[2]).upper(), "basic": actions[0], "options": options}


class _Table(HTMLParser):
    """Collects the cells of Table E.1-1; DocBook and XHTML call rows and cells alike."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell."""
        names = [value for name, value in attrs if name in ("id", "xml:id") and value]
        if tag in ("table", "a", "div", "section") and names:
            self._is_inside = "table_E.1-1" in names or (self._is_inside and tag != "table")
        if self._is_inside and tag == "tr":
            self.rows.append([])
        if self._is_inside and tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """End the table."""
        if tag == "table":
            self._is_inside = False

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        if self._is_inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def rows_of_packages(actions: str, columns: str) -> Iterator[Row]:
    """Read the actions that one package took from the table, and the options that another one did."""
    known = {entry["tag"].upper().strip("()").replace(",", ""): entry for entry in json.loads(columns)}
    for statement in ast.parse(actions).body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        name = statement.targets[0].id
        if not name.endswith("_TAGS") or name == "ALL_TAGS":
            continue
        action = name.removesuffix("_TAGS").replace("_STAR", "*").replace("_", "/")
        for tag in ast.literal_eval(statement.value):
            if len(tag) == 2:
                number = f"{tag[0]:04X}{tag[1]:04X}"
                options = {
                    _PACKAGED[key]: value for key, value in known.get(number, {}).items() if key in _PACKAGED
                }
                yield {"tag": number, "basic": action, "options": options | _younger(number, options)}


def _younger(number: str, options: Mapping[str, str]) -> dict[str, str]:
    tag = int(number, 16)
    keyword = str(keyword_for_tag(tag))
    found = {option: code for (option, code), names in _YOUNGER.items() if keyword in names.split()}
    vr = dictionary_VR(tag) if tag in DicomDictionary else ""
    dated = vr in ("DA", "TM", "DT") and "Birth" not in keyword and keyword != "GPSTimeStamp"
    if (dated or keyword == "CertifiedTimestamp") and not any("dates" in option for option in options):
        found |= {"retain_full_dates": "K", "retain_modified_dates": "C"}
    if vr == "UI" and not options and keyword not in ("UID", "DigitalSignatureUID"):
        found["retain_uids"] = "K"
    return found


def completed(rows: Iterable[Row]) -> list[Row]:
    """Add keyword and VR of the dictionary, "" where it does not know the tag yet; sorted by tag."""
    done = []
    for row in sorted(rows, key=lambda each: str(each["tag"])):
        tag = int(str(row["tag"]), 16)
        vr = dictionary_VR(tag) if tag in DicomDictionary else ""
        done.append({"tag": row["tag"], "keyword": str(keyword_for_tag(tag)), "vr": vr, **row})
    return done


def needed(rows: Iterable[Row], folder: Path) -> dict[str, object]:
    """Return for the attributes whose action depends on it: which IODs need them (1) or hold them (2)."""
    tags = {str(row["tag"]) for row in rows if "/" in str(row["basic"])}
    read = {name: json.loads((folder / f"{name}.json").read_text()) for name in _MODULE_FILES}
    iods: dict[str, set[str]] = {}
    ids = {entry["name"]: entry["id"] for entry in read["ciods"]}
    for entry in read["ciod_to_modules"]:
        iods.setdefault(entry["moduleId"], set()).add(entry["ciodId"])
    classes: dict[str, list[str]] = {}
    for entry in read["sops"]:
        classes.setdefault(ids.get(entry["ciod"], ""), []).append(entry["id"])
    top: dict[str, dict[str, str]] = {}
    nested: dict[str, str] = {}
    for entry in (*read["module_to_attributes"], *read["macro_to_attributes"]):
        module, *path = entry["path"].upper().split(":")
        strength = _STRENGTH.get(entry["type"])
        if path[-1] not in tags or strength is None:
            continue
        if len(path) > 1:
            _strengthen(nested, "/".join(path[-2:]), strength)
        elif strength != "3" and "moduleId" in entry:
            for sop_class in (uid for iod in iods.get(module.lower(), ()) for uid in classes.get(iod, ())):
                _strengthen(top.setdefault(path[0], {}), sop_class, strength)
    known = sorted({sop_class for found in classes.values() for sop_class in found})
    by_strength = {
        tag: {kind: sorted(uid for uid in found if found[uid] == kind) for kind in ("1", "2")}
        for tag, found in top.items()
    }
    return {"sop_classes": known, "top": by_strength, "nested": nested}


_MODULE_FILES = ("sops", "ciods", "ciod_to_modules", "module_to_attributes", "macro_to_attributes")


def _strengthen(found: dict[str, str], key: str, strength: str) -> None:
    found[key] = min(found.get(key, strength), strength)


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description="Write the data of the de-identify mode.")
    for option in ("--part15", "--actions", "--columns", "--modules"):
        parser.add_argument(option, type=Path)
    parser.add_argument("--edition", required=True)
    wanted = parser.parse_args()
    if wanted.part15 is not None:
        rows = completed(rows_of_standard(wanted.part15.read_text()))
        source = f"PS3.15 {wanted.edition}, Table E.1-1"
    else:
        rows = completed(rows_of_packages(wanted.actions.read_text(), wanted.columns.read_text()))
        source = (
            f"actions: PS3.15 {wanted.edition} (as packed in dicom-anonymizer); options: PS3.15 2021 (as "
            "packed in dicom-standard), of younger rows by VR and by tools/confidentiality_table.py (2024b)"
        )
    lines = ",\n".join(json.dumps(row) for row in rows)
    head = json.dumps({"edition": wanted.edition, "source": source})[:-1]
    (DATA / "confidentiality.json").write_text(f'{head}, "rows": [\n{lines}\n]}}\n')
    if wanted.modules is not None:
        found = {
            "source": "PS3.3 2021, module tables (as packed in dicom-standard)",
            **needed(rows, wanted.modules),
        }
        (DATA / "iod_types.json").write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

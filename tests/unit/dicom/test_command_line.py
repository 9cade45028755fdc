"""`importal dicom`: whole files or none, nothing overwritten, a sentence for each fault, no value unasked."""

import errno
import json
import os
from pathlib import Path

import pytest
from tests.corpus import corpus_path
from tests.unit.dicom import samples
from typer.testing import CliRunner

from importal import dicom
from importal.cli import app
from importal.cli_dicom import HOLDS, REASONS, SENTENCES

ORIGINAL = samples.part10(samples.as_list(samples.image()))
LOCAL = {"patient_id": "4711", "patient_name": "Local^Person"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("image.dcm").write_bytes(ORIGINAL)
    Path("key").write_bytes(bytes(range(32)))
    Path("local.json").write_text(json.dumps(LOCAL), encoding="utf-8")
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, ["dicom", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "FOREIGN-0815" not in result.output or "--values" in arguments
    return result


def neutralise(source="image.dcm", target="neutral.dcm", patch="image.patch"):
    return run("neutralise", source, target, patch, "--key-file", "key")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_goes_there_and_back(folder):
    assert neutralise().exit_code == 0
    assert run("localise", "neutral.dcm", "local.dcm", "--local", "local.json").exit_code == 0
    assert run("restore", "neutral.dcm", "image.patch", "back.dcm").exit_code == 0
    assert Path("back.dcm").read_bytes() == ORIGINAL
    assert b"FOREIGN-0815" not in Path("local.dcm").read_bytes()
    assert Path("image.patch").stat().st_mode & 0o077 == 0


def test_an_object_that_has_to_be_mended_goes_the_whole_way(folder):
    Path("image.dcm").write_bytes(ORIGINAL[132:])
    result = neutralise()
    assert (result.exit_code, "mended: preamble added" in result.output) == (0, True)
    assert run("restore", "neutral.dcm", "image.patch", "back.dcm").exit_code == 0
    assert Path("back.dcm").read_bytes() == ORIGINAL[132:]


@pytest.mark.parametrize("taken", ["neutral.dcm", "image.patch"])
def test_nothing_that_exists_is_overwritten(folder, taken):
    Path(taken).write_bytes(b"mine")
    result = neutralise()
    assert (result.exit_code, Path(taken).read_bytes()) == (2, b"mine")
    assert files(folder) == sorted(["image.dcm", "key", "local.json", taken])
    assert "is there already" in result.output


@pytest.mark.parametrize("late", ["neutral.dcm", "image.patch"])
def test_a_file_that_appears_meanwhile_is_not_overwritten_either(folder, late, monkeypatch):
    genuine = dicom.neutralise_stream

    def slowly(chunks, profile):
        Path(late).write_bytes(b"mine")
        return genuine(chunks, profile)

    monkeypatch.setattr(dicom, "neutralise_stream", slowly)
    assert neutralise().exit_code == 2
    assert Path(late).read_bytes() == b"mine"
    assert files(folder) == sorted(["image.dcm", "key", "local.json", late])


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = neutralise()
    assert (result.exit_code, "No space left" in result.output) == (1, True)
    assert files(folder) == ["image.dcm", "key", "local.json"]


@pytest.mark.parametrize("content", [b"", b"no image", ORIGINAL[:300], bytes(128) + b"DICM"])
@pytest.mark.parametrize("verb", ["neutralise", "deidentify", "localise", "explain", "dump"])
def test_what_the_engine_declines_is_said_in_a_sentence_and_nothing_is_written(folder, verb, content):
    Path("image.dcm").write_bytes(content)
    more = {
        "neutralise": ["neutral.dcm", "image.patch", "--key-file", "key"],
        "deidentify": ["nobody.dcm", "--key-file", "key"],
        "localise": ["local.dcm", "--local", "local.json"],
    }
    result = run(verb, "image.dcm", *more.get(verb, []))
    assert result.exit_code == 1
    assert result.output.startswith("image.dcm: This ")
    assert files(folder) == ["image.dcm", "key", "local.json"]


def deidentify(*options, source="image.dcm"):
    return run("deidentify", source, "nobody.dcm", "--key-file", "key", *options)


def test_an_object_becomes_anonymous_with_the_options_that_were_asked_for(folder):
    assert deidentify().exit_code == 0
    usual = Path("nobody.dcm").read_bytes()
    assert not [word for word in (b"FOREIGN-0815", b"Sample", b"ACC-4711") if word in usual]
    assert (b"113105" in usual, b"113110" in usual) == (True, False)
    Path("nobody.dcm").unlink()
    assert deidentify("--option", "retain_uids").exit_code == 0
    retained = Path("nobody.dcm").read_bytes()
    assert (b"113105" in retained, b"113110" in retained) == (False, True)
    Path("nobody.dcm").unlink()
    assert deidentify("--basic").exit_code == 0
    basic = Path("nobody.dcm").read_bytes()
    assert (b"113100" in basic, b"113105" in basic) == (True, False)
    assert deidentify("--basic").exit_code == 2
    assert Path("nobody.dcm").read_bytes() == basic


def test_basic_with_options_is_wrong_use(folder):
    assert deidentify("--basic", "--option", "retain_uids").exit_code == 2
    assert not Path("nobody.dcm").exists()


def test_what_a_person_has_to_look_at_is_said_and_has_an_exit_code_of_its_own(folder):
    image = samples.image() | {0x00280301: ("CS", "YES")}
    Path("image.dcm").write_bytes(samples.part10(samples.as_list(image)))
    result = deidentify()
    assert (result.exit_code, Path("nobody.dcm").exists()) == (3, True)
    assert "look at it: its pixels may show writing" in result.output


def test_object_and_patch_of_different_files_give_nothing(folder):
    assert neutralise().exit_code == 0
    Path("image.dcm").write_bytes(ORIGINAL[:-2] + b"zz")
    assert neutralise(target="other.dcm", patch="other.patch").exit_code == 0
    for stored, patch in (("neutral.dcm", "other.patch"), ("image.patch", "image.patch"), ("key", "key")):
        result = run("restore", stored, patch, "back.dcm")
        assert (result.exit_code, Path("back.dcm").exists()) == (1, False)
        assert "Nothing was written" in result.output


@pytest.mark.parametrize(
    "local",
    [
        "",
        "[]",
        '{"patient_id": 3}',
        '{"patient_id": "1"}',
        '{"patient_id": "1", "patient_name": "A", "x": ""}',
    ],
)
def test_a_wrong_local_patient_is_wrong_use(folder, local):
    Path("local.json").write_text(local, encoding="utf-8")
    assert run("localise", "image.dcm", "local.dcm", "--local", "local.json").exit_code == 2
    assert not Path("local.dcm").exists()


def test_missing_files_short_keys_and_equal_names_are_wrong_use(folder):
    assert neutralise(source="missing.dcm").exit_code == 2
    assert neutralise(target="nowhere/neutral.dcm").exit_code == 2
    assert neutralise(target="same", patch="same").exit_code == 2
    Path("key").write_bytes(b"short")
    assert neutralise().exit_code == 2
    assert files(folder) == ["image.dcm", "key", "local.json"]


def test_explain_and_dump_show_values_on_request_only(folder):
    for verb in ("explain", "dump"):
        silent, telling = run(verb, "image.dcm"), run(verb, "image.dcm", "--values")
        assert "(0010,0020)" in silent.output
        assert ("FOREIGN-0815" in silent.output, "FOREIGN-0815" in telling.output) == (False, True)
    told = json.loads(run("explain", "image.dcm", "--json").output)
    assert {
        "path": "(0010,0020)",
        "keyword": "PatientID",
        "change": "replaced",
        "reason": "pseudonym",
    } in told["elements"]
    local = run("explain", "image.dcm", "--local", "local.json")
    assert "added     (0400,0561) OriginalAttributesSequence: the record of what is changed" in local.output


def test_every_reason_and_every_code_has_its_sentence():
    assert set(REASONS) == set(dicom.Reason)
    assert set(HOLDS) == set(dicom.HoldReason)
    source = Path(dicom.__file__).with_name("reverse_patch.py").read_text(encoding="utf-8")
    assert all(f'"{code}"' in source for code in SENTENCES)
    assert source.count("RestoreError(") == sum(source.count(f'RestoreError("{code}")') for code in SENTENCES)


def test_the_table_of_contents_of_a_disc_is_compared_with_what_lies_beside_it(tmp_path):
    disc = corpus_path("cd", "philips-ct-incomplete", "DICOMDIR")
    result = run("directory", str(disc))
    assert result.exit_code == 3
    assert result.output.splitlines() == [
        "study 1: 118 files in 4 series, 117 missing",
        "study 2: 315 files in 5 series, 300 missing",
        "433 files named, 417 missing",
    ]
    assert "missing: DICOM/" in run("directory", str(disc), "--values").output
    whole = run("directory", str(corpus_path("cd", "hitachi-pdi-ja", "DICOMDIR")))
    assert (whole.exit_code, whole.output.splitlines()[-1]) == (0, "67 files named, 0 missing")
    damaged = run("directory", str(corpus_path("cd", "pydicom-dicomdirtests", "DICOMDIR-nooffset")))
    assert (damaged.exit_code, "are damaged" in damaged.output) == (3, True)
    assert run("directory", str(tmp_path / "absent")).exit_code == 2
    Path(tmp_path, "image").write_bytes(ORIGINAL)
    assert run("directory", str(tmp_path / "image")).exit_code == 1

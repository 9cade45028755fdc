"""Each rule of our own has inputs that must fail it, and inputs that must not."""

from pathlib import Path
from types import ModuleType

import pytest
from tools import (
    addresses,
    check,
    commits,
    desk_queries,
    docstrings,
    error_codes,
    file_budgets,
    locks,
    log_events,
    names,
    state_assignment,
    suppressions,
    unfinished,
)
from tools.project import Project

BUDGETS = """
[project]
dependencies = ["pydicom>=3.0,<3.1"]
[dependency-groups]
dev = ["ruff>=0.14"]
[tool.importal.budgets]
python_lines = 10
browser_lines = 5
runtime_dependencies = 1
suppressions = 0
"""
ONE_SUPPRESSION = BUDGETS.replace("suppressions = 0", "suppressions = 1")
HASH = "    --hash=sha256:00ff\n"
LOCK = f"pydicom==3.0.2 \\\n{HASH}"
DEV_LOCK = f"{LOCK}ruff==0.15.0 \\\n{HASH}"
GOOD_LOCKS = {"pyproject.toml": BUDGETS, "requirements/run.txt": LOCK, "requirements/dev.txt": DEV_LOCK}
DECLARED = 'GONE = TABLE.declare("upload.gone", 410, "It is gone.")\n'
SENTENCES = '{"error.upload.gone": "It is gone."}'
CATALOGUE = "frontend/src/locales/en/errors.json"
ENUMERATED = BUDGETS + '[tool.importal.code_enumerations]\n"src/importal/a.py::Reason" = "file."\n'

EXCEPTED = '[tool.importal.queries_without_person]\n"src/importal/a/queries.py::b" = "why"\n'

Files = dict[str, str]

# Halves, so that the rules do not find their own bad examples when they look at this file.
A_MARK = "TO" + "DO"
A_REGISTRY = "pypi." + "org"
A_NOQA = "# no" + "qa: S101"
AN_IGNORE = "# type: " + "ignore[attr-defined]"
A_TS_IGNORE = "// @ts-" + "expect-error"
A_SVELTE_IGNORE = "<!-- svelte-" + "ignore a11y_autofocus"
A_MACHINE_PATH = "/ro" + "ot/data"

MUST_FAIL: list[tuple[ModuleType, str, Files]] = [
    (addresses, "a registry in a document", {"docs/a.md": f"from https://{A_REGISTRY}/simple\n"}),
    (
        addresses,
        "a registry in a lock",
        {"requirements/run.txt": f"--index-url https://{A_REGISTRY}/simple\n"},
    ),
    (addresses, "a machine's path in code", {"src/importal/a.py": f"HERE = '{A_MACHINE_PATH}'\n"}),
    (addresses, "somebody's home", {"README.md": "cd /ho" + "me/anna/importal\n"}),
    (commits, "a session that commits", {"src/importal/a.py": "def act(session):\n    session.commit()\n"}),
    (commits, "a connection that commits", {"src/importal/x/actions.py": "engine.connect().commit()\n"}),
    (commits, "a commit that is handed over", {"src/importal/a.py": "callback = session.commit\n"}),
    (commits, "a block that commits at its end", {"src/importal/a.py": "with engine.begin() as c:\n    c\n"}),
    (commits, "a commit by its name", {"src/importal/a.py": "getattr(session, 'commit')()\n"}),
    (commits, "a commit in SQL", {"src/importal/a.py": "session.execute(text('commit;'))\n"}),
    (
        commits,
        "a connection without transactions",
        {"src/importal/a.py": "f(isolation_level='AUTOCOMMIT')\n"},
    ),
    (
        desk_queries,
        "a query without a person",
        {"src/importal/a/queries.py": "def inbox(session):\n    ...\n"},
    ),
    (
        desk_queries,
        "the person in second place",
        {"src/importal/a/queries.py": "def inbox(session, acting_person):\n    ...\n"},
    ),
    (
        desk_queries,
        "an exception that nothing needs",
        {"pyproject.toml": EXCEPTED},
    ),
    (docstrings, "a silent module", {"src/importal/a.py": "A = 1\n"}),
    (docstrings, "a silent test", {"tests/test_a.py": "def test_it():\n    assert 1\n"}),
    (docstrings, "a silent browser module", {"frontend/src/a.ts": "export const a = 1;\n"}),
    (docstrings, "a silent component", {"frontend/src/A.svelte": "<script>\nlet a;\n</script>\n"}),
    (
        error_codes,
        "a code without a sentence",
        {"src/importal/a.py": DECLARED, CATALOGUE: '{"error.b": "B."}'},
    ),
    (
        error_codes,
        "a sentence without a code",
        {"src/importal/a.py": DECLARED, CATALOGUE: '{"error.upload.gone": "Gone.", "error.b": "B."}'},
    ),
    (
        error_codes,
        "a computed code",
        {"src/importal/a.py": DECLARED + "TABLE.declare(f'{x}.gone', 410, 'Gone.')\n", CATALOGUE: SENTENCES},
    ),
    (
        error_codes,
        "a member of an enumeration without a sentence",
        {
            "pyproject.toml": ENUMERATED,
            CATALOGUE: SENTENCES,
            "src/importal/a.py": DECLARED + "class Reason(StrEnum):\n    CUT = 'cut'\n",
        },
    ),
    (error_codes, "no catalogue", {"src/importal/a.py": DECLARED}),
    (error_codes, "no declaration", {CATALOGUE: SENTENCES}),
    (file_budgets, "a long module", {"pyproject.toml": BUDGETS, "src/importal/a.py": "a = 1\n" * 11}),
    (file_budgets, "a long test", {"pyproject.toml": BUDGETS, "tests/test_a.py": "a = 1\n" * 11}),
    (file_budgets, "a long component", {"pyproject.toml": BUDGETS, "frontend/src/A.svelte": "<p>\n" * 6}),
    (file_budgets, "one dependency too many", {"pyproject.toml": BUDGETS.replace('3.1"]', '3.1", "numpy"]')}),
    (
        locks,
        "a dependency that is not locked",
        {**GOOD_LOCKS, "pyproject.toml": BUDGETS.replace('3.1"]', '3.1", "numpy"]')},
    ),
    (
        locks,
        "a version that is not allowed",
        {**GOOD_LOCKS, "pyproject.toml": BUDGETS.replace("<3.1", "<3.0.1")},
    ),
    (locks, "a pin without a hash", {**GOOD_LOCKS, "requirements/run.txt": "pydicom==3.0.2\n"}),
    (locks, "an address in a lock", {**GOOD_LOCKS, "requirements/run.txt": f"--index-url a\n{LOCK}"}),
    (
        locks,
        "two locks that disagree",
        {**GOOD_LOCKS, "requirements/dev.txt": DEV_LOCK.replace("3.0.2", "3.0.1")},
    ),
    (locks, "a missing lock", {"pyproject.toml": BUDGETS}),
    (
        locks,
        "a group of its own without a lock",
        {**GOOD_LOCKS, "pyproject.toml": BUDGETS.replace("[tool", 'fuzz = ["atheris>=3"]\n[tool', 1)},
    ),
    (
        locks,
        "a browser package without a hash",
        {
            **GOOD_LOCKS,
            "frontend/package.json": "{}",
            "frontend/package-lock.json": '{"packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}',
        },
    ),
    (
        locks,
        "a browser lock behind its declaration",
        {
            **GOOD_LOCKS,
            "frontend/package.json": '{"dependencies": {"a": "2.0.0"}}',
            "frontend/package-lock.json": '{"packages": {"": {"dependencies": {"a": "1.0.0"}}}}',
        },
    ),
    (log_events, "a computed event", {"src/importal/a.py": "log.info(f'delivery.sent_{name}')\n"}),
    (log_events, "a concatenated event", {"src/importal/a.py": "log.info('delivery.sent_' + name)\n"}),
    (log_events, "a formatted event", {"src/importal/a.py": "self._log.warning('%s lost' % name)\n"}),
    (log_events, "a value beside the event", {"src/importal/a.py": "log.info('delivery.sent', name)\n"}),
    (log_events, "a sentence for an event", {"src/importal/a.py": "log.info('Delivery was sent')\n"}),
    (log_events, "an event that has not happened yet", {"src/importal/a.py": "log.info('delivery.send')\n"}),
    (log_events, "an event through a bound logger", {"src/importal/a.py": "log.bind(a=1).info(name)\n"}),
    (names, "a file of helpers", {"src/importal/studies/helpers.py": '"""A."""\n'}),
    (names, "a folder for everything", {"src/importal/common/a.py": '"""A."""\n'}),
    (names, "a class that manages", {"src/importal/a.py": "class StudyManager:\n    pass\n"}),
    (names, "a class that serves", {"src/importal/a.py": "class HTTPService:\n    pass\n"}),
    (names, "a browser module of utilities", {"frontend/src/dateUtils.ts": "// A.\n"}),
    (names, "a browser class that helps", {"frontend/src/a.ts": "export class DateHelper {}\n"}),
    (state_assignment, "a plain assignment", {"src/importal/a.py": "study.state = 'committed'\n"}),
    (state_assignment, "one of two targets", {"src/importal/a.py": "study.state, x = 'committed', 1\n"}),
    (state_assignment, "an assignment by name", {"src/importal/a.py": "setattr(study, 'state', s)\n"}),
    (
        state_assignment,
        "an UPDATE",
        {"src/importal/a.py": "update(Study).where(x).values(state='committed')\n"},
    ),
    (
        state_assignment,
        "an UPDATE with a dictionary",
        {"src/importal/a.py": "update(Study).values({Study.state: 'committed'})\n"},
    ),
    (
        state_assignment,
        "an UPDATE with parameters",
        {"src/importal/a.py": "session.execute(update(Study), [{'state': 'committed'}])\n"},
    ),
    (
        state_assignment,
        "a query that updates",
        {"src/importal/a.py": "session.query(Study).update({'state': 'committed'})\n"},
    ),
    (
        suppressions,
        "a suppression without a reason",
        {"pyproject.toml": ONE_SUPPRESSION, "src/importal/a.py": f"assert 1  {A_NOQA}\n"},
    ),
    (
        suppressions,
        "an ignored type without a reason",
        {"pyproject.toml": ONE_SUPPRESSION, "src/importal/a.py": f"a.b  {AN_IGNORE}\n"},
    ),
    (
        suppressions,
        "an expected error without a reason",
        {"pyproject.toml": ONE_SUPPRESSION, "frontend/src/a.ts": f"{A_TS_IGNORE}\nx;\n"},
    ),
    (
        suppressions,
        "an ignored warning without a reason",
        {"pyproject.toml": ONE_SUPPRESSION, "frontend/src/A.svelte": f"{A_SVELTE_IGNORE} -->\n"},
    ),
    (
        suppressions,
        "one more than the budget",
        {"pyproject.toml": BUDGETS, "src/importal/a.py": f"assert 1  {A_NOQA} -- states an invariant\n"},
    ),
    (suppressions, "a budget that could be lower", {"pyproject.toml": ONE_SUPPRESSION}),
    (unfinished, "a mark in code", {"src/importal/a.py": f"# {A_MARK}: later\n"}),
    (unfinished, "a mark in a document", {"docs/a.md": f"{A_MARK}: write this\n"}),
    (
        unfinished,
        "a function that only raises",
        {"src/importal/a.py": "def a():\n    raise NotImplemented" + "Error\n"},
    ),
    (unfinished, "a test that never runs", {"tests/a.py": "@pytest.mark." + "skip(reason='x')\n"}),
    (unfinished, "a browser test that runs alone", {"frontend/src/a.test.ts": "it." + "only('x', f);\n"}),
]

MUST_PASS: list[tuple[ModuleType, str, Files]] = [
    (
        addresses,
        "a public address and a folder of the system",
        {"docs/a.md": "see https://dicom.nema.org/root/a and /etc/importal and docs/work/a\n"},
    ),
    (commits, "the transaction itself", {"src/importal/database/transaction.py": "session.commit()\n"}),
    (commits, "storage commitment", {"src/importal/a.py": "destination.request_commitment(uid)\n"}),
    (
        desk_queries,
        "the person first",
        {"src/importal/a/queries.py": "def inbox(acting_person):\n    ...\ndef _rows(session):\n    ...\n"},
    ),
    (
        desk_queries,
        "a declared exception",
        {
            "pyproject.toml": EXCEPTED,
            "src/importal/a/queries.py": "def b(session):\n    ...\n",
        },
    ),
    (
        docstrings,
        "modules that say what they are for",
        {
            "src/importal/a.py": '"""A."""\n',
            "tests/__init__.py": "",
            "frontend/src/a.ts": "/** A. */\n",
            "frontend/src/A.svelte": '<script lang="ts">\n/** A. */\n</script>\n',
        },
    ),
    (
        error_codes,
        "codes and sentences that fit",
        {
            "pyproject.toml": ENUMERATED,
            CATALOGUE: '{"error.upload.gone": "G", "error.file.cut": "C", "error.offline": "O",'
            ' "error.http.500": "H"}',
            "src/importal/a.py": DECLARED + "class Reason(StrEnum):\n    CUT = 'cut'\n",
            "frontend/src/a.ts": "fail('error.offline');\nfail(`http.${status}`);\n",
        },
    ),
    (
        file_budgets,
        "files within their budgets",
        {"pyproject.toml": BUDGETS, "src/importal/a.py": "a = 1\n" * 10, "frontend/src/a.ts": "a;\n" * 5},
    ),
    (locks, "locks that fit", GOOD_LOCKS),
    (
        locks,
        "a package for another system that this registry does not offer",
        {
            **GOOD_LOCKS,
            "frontend/package.json": "{}",
            "frontend/package-lock.json": '{"packages": {"": {}, "node_modules/a-win32-x64":'
            ' {"version": "1.0.0", "optional": true, "os": ["win32"]}}}',
        },
    ),
    (
        log_events,
        "events with fields",
        {"src/importal/a.py": "log.info('delivery.attempt_failed', count=1)\nlog.debug('worker.begun')\n"},
    ),
    (names, "names of the field", {"src/importal/studies/scores.py": "class Commonality:\n    pass\n"}),
    (
        state_assignment,
        "the one place, a comparison, and a new row",
        {
            "src/importal/studies/states.py": "study.state = 'committed'\n",
            "src/importal/a.py": "insert(Study).values(state='received')\na.state == 1\np.update({'b': 1})\n",
        },
    ),
    (
        suppressions,
        "a reason and a budget that fit",
        {
            "pyproject.toml": ONE_SUPPRESSION,
            "src/importal/a.py": f"assert 1  {A_NOQA} -- states an invariant\n",
        },
    ),
    (
        unfinished,
        "an upload code and a test that may skip",
        {
            "docs/a.md": "Codes look like XXXX-XXXX-XXXX.\n",
            "tests/a.py": "@pytest.mark.skipif(a, reason='b')\n",
        },
    ),
]


def _make(root: Path, files: Files) -> Project:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return Project(root)


def _ids(cases: list[tuple[ModuleType, str, Files]]) -> list[str]:
    return [f"{rule.__name__.rpartition('.')[2]}: {title}" for rule, title, _ in cases]


@pytest.mark.parametrize(("rule", "title", "files"), MUST_FAIL, ids=_ids(MUST_FAIL))
def test_the_rule_finds(rule, title, files, tmp_path):
    del title
    found = list(rule.find_violations(_make(tmp_path, files)))
    assert found
    assert all(violation.message for violation in found)


@pytest.mark.parametrize(("rule", "title", "files"), MUST_PASS, ids=_ids(MUST_PASS))
def test_the_rule_allows(rule, title, files, tmp_path):
    del title
    assert list(rule.find_violations(_make(tmp_path, files))) == []


def test_every_rule_has_an_input_that_must_fail():
    # What compares the record with the product has tests of its own.
    elsewhere = {"tools.openapi", "tools.migrations", "tools.reference"}
    assert {rule.__name__ for rule in check.RULES} == {rule.__name__ for rule, _, _ in MUST_FAIL} | elsewhere


def test_every_rule_tells_its_story():
    for rule in check.RULES:
        assert "The story:" in (rule.__doc__ or ""), rule.__name__


def test_a_violation_names_its_place(tmp_path):
    project = _make(tmp_path, {"src/importal/a.py": '"""A."""\n\nsession.commit()\n'})
    (violation,) = commits.find_violations(project)
    assert str(violation).startswith("src/importal/a.py:3: ")

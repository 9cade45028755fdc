"""The log never tells who somebody is."""

import io
import json
import sys
import threading
import warnings
from contextlib import redirect_stderr

import structlog

from importal import logs


def logged(verb) -> dict[str, object]:
    captured = io.StringIO()
    with redirect_stderr(captured):
        logs.configure("debug")
        verb(logs.get("test"))
    structlog.reset_defaults()
    return json.loads(captured.getvalue())


def test_a_value_under_an_unknown_key_is_withheld():
    event = logged(lambda log: log.info("test.done", study_id="abc", patient_name="MUSTER^ANNA"))
    assert event["study_id"] == "abc"
    assert event["patient_name"] == "(withheld)"


def test_an_exception_is_logged_by_kind_and_place_without_its_text():
    def fail(log: structlog.stdlib.BoundLogger) -> None:
        try:
            raise ValueError("MUSTER^ANNA")
        except ValueError as error:
            log.error("test.failed", exc_info=error)

    event = logged(fail)
    assert event["error_type"] == "ValueError"
    assert "test_logs" in str(event["where"])
    assert "MUSTER" not in json.dumps(event)


def test_what_nobody_caught_is_logged_without_its_text_too():
    def fail(_log: structlog.stdlib.BoundLogger) -> None:
        raise_one = threading.Thread(target=lambda: {}["MUSTER^ANNA"])
        raise_one.start()
        raise_one.join()

    hooks = sys.excepthook, threading.excepthook
    try:
        event = logged(fail)
    finally:
        sys.excepthook, threading.excepthook = hooks
    assert event["error_type"] == "KeyError"
    assert "MUSTER" not in str(event)


def test_a_warning_of_a_library_is_not_printed_because_it_quotes_values():
    def warn(log: structlog.stdlib.BoundLogger) -> None:
        warnings.warn("Invalid value for VR PN: 'MUSTER^ANNA'", UserWarning, stacklevel=1)
        log.info("test.warned")

    assert logged(warn)["event"] == "test.warned"

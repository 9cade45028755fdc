"""pydicom quotes values in its warnings and log lines; values are patient data, so they are not let out.

Done when the package is loaded: what is wrong with an object is said by `Repair` and `Refused`.
"""

import logging
import warnings

_SPEAKER = "warn_and_log"  # the one function of pydicom that quotes


def _quotes_nothing(record: logging.LogRecord) -> bool:
    return record.funcName != _SPEAKER


def silence_pydicom() -> None:
    """Drop what pydicom would print or log about the values of an object."""
    warnings.filterwarnings("ignore", module=r"pydicom(\.|\Z)")
    logging.getLogger("pydicom").addFilter(_quotes_nothing)

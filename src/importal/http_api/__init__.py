"""What every route shares: the site, problem responses, origin checks, rate limits, security headers.

Problem details follow RFC 9457; the sentence a person reads is looked up by code in the catalogue.
"""

from importal.http_api.bodies import BodyLimit
from importal.http_api.headers import SecurityHeaders
from importal.http_api.origin import require_own_origin
from importal.http_api.problems import install_problems, problem_response
from importal.http_api.rate import (
    RateCounter,
    RateRule,
    count_attempt,
    forget_attempts,
    forget_old_attempts,
    shut_until,
)
from importal.http_api.request import SiteDep, client_address

__all__ = [
    "BodyLimit",
    "RateCounter",
    "RateRule",
    "SecurityHeaders",
    "SiteDep",
    "client_address",
    "count_attempt",
    "forget_attempts",
    "forget_old_attempts",
    "install_problems",
    "problem_response",
    "require_own_origin",
    "shut_until",
]

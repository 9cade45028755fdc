"""The only place that commits: one verb, one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

Result = TypeVar("Result")

# Two requests that insert the same new row at once: the loser runs again and finds it.
ATTEMPTS = 4


class Database:
    """Opens transactions on one engine."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self.engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session whose work is committed at the end, or not at all when anything raises."""
        session = Session(self.engine, expire_on_commit=False)
        try:
            yield session
            session.commit()
        finally:
            session.close()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that only reads; whatever it changes is thrown away."""
        session = Session(self.engine.execution_options(read_only=True), expire_on_commit=False)
        try:
            yield session
        finally:
            session.close()

    def run(self, verb: Callable[[Session], Result]) -> Result:
        """Run ``verb`` in a transaction of its own, again when a concurrent one was faster.

        ``verb`` may run several times, so it must touch nothing but its session.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.transaction() as session:
                    return verb(session)
            except (IntegrityError, DBAPIError) as error:
                if attempt == ATTEMPTS or not _worth_repeating(error):
                    raise
        raise AssertionError

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _worth_repeating(error: DBAPIError) -> bool:
    if isinstance(error, IntegrityError):
        return True
    # 40001 serialisation failure, 40P01 deadlock (PostgreSQL appendix A).
    return getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}

"""What several connections bring at the same moment for one thing is done together, in one go.

Each go costs a transaction and its syncs, however little it does. Whoever comes while one is under way waits
anyway; when it ends, the first of those who wait does the work of all of them (group commit).
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Order(Generic[Item, Result]):
    """Something to be done; `turn` is set when it is done, or when its thread is to do what waits."""

    item: Item
    weight: int
    turn: threading.Event = field(default_factory=threading.Event)
    # It was in a go that failed: perhaps because of itself.
    is_alone: bool = False
    results: list[Result] = field(default_factory=list)


class Together(Generic[Item, Result]):
    """Does the work of those who come for the same key; never two goes of one key at once."""

    def __init__(self, work: Callable[[Sequence[Item]], Result], most_weight: int) -> None:
        """`work` takes all items of a go; above `most_weight` in sum the rest waits for the next one."""
        self._work = work
        self._most_weight = most_weight
        self._lock = threading.Lock()
        # A key is there while a go is under way, with those who wait, the one whose turn it is first.
        self._waiting: dict[Hashable, list[_Order[Item, Result]]] = {}

    def do(self, key: Hashable, item: Item, weight: int) -> Result:
        """Return what the work made of a go that this item was in; raises what it raised for the item alone.

        A go that fails is repeated for each item by itself, so that nobody suffers from another's.
        """
        order = _Order[Item, Result](item, weight)
        with self._lock:
            is_first = key not in self._waiting
            self._waiting.setdefault(key, []).append(order)
        if not is_first:
            order.turn.wait()
        if not order.results:
            try:
                self._lead(key)
            finally:
                self._pass_on(key)
        return order.results[0]

    def _lead(self, key: Hashable) -> None:
        """Do what waits, the own order first."""
        with self._lock:
            orders = self._next(self._waiting[key])
        if len(orders) > 1:
            with suppress(Exception):
                self._carry_out(orders)
                return
            for order in orders:
                order.is_alone = True
        self._carry_out(orders[:1])

    def _next(self, waiting: Sequence[_Order[Item, Result]]) -> list[_Order[Item, Result]]:
        orders, weight = [waiting[0]], waiting[0].weight
        for order in waiting[1:]:
            weight += order.weight
            if weight > self._most_weight or order.is_alone or orders[0].is_alone:
                break
            orders.append(order)
        return orders

    def _carry_out(self, orders: Sequence[_Order[Item, Result]]) -> None:
        result = self._work([order.item for order in orders])
        for order in orders:
            order.results.append(result)

    def _pass_on(self, key: Hashable) -> None:
        """Tell those whose work is done, and give the turn to the first of the others."""
        with self._lock:
            # The first is the own order: what became of it, this thread knows.
            others = self._waiting[key][1:]
            done = [order for order in others if order.results]
            rest = [order for order in others if not order.results]
            if rest:
                self._waiting[key] = rest
            else:
                del self._waiting[key]
        for order in (*done, *rest[:1]):
            order.turn.set()

"""Faults on request: what goes wrong, where, how often; for tests and for drills."""

import fnmatch
import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum

from amlgit.emulator.state.database import Row, Store, pack, unpack
from amlgit.emulator.wire import Json, Object, bad, missing, text_of


class Kind(Enum):
    """What goes wrong."""

    LATENCY = "latency"
    STATUS = "status"
    CUT = "cut"
    TRUNCATE = "truncate"
    GARBAGE = "garbage"
    SLOW = "slow"
    MODULE = "module"


STATUSES = (400, 401, 403, 404, 409, 412, 429, 440, 500, 502, 503, 504, 509)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault."""

    kind: Kind
    method: str = "*"
    route: str = "*"
    """A pattern with `*` for the path."""
    status: int = 500
    retry_after: float | None = None
    seconds: float = 0.0
    chance: float = 1.0
    after: bool = False
    """Whether the request is served first and only its reply spoiled: the client then can't know that it was done."""
    module: str = ""
    message: str = ""
    times: int | None = 1
    """How many requests it spoils; None: all, until it is removed."""
    skip: int = 0
    """How many matching requests are let pass first."""


_NUMBERS = {"status", "retry_after", "seconds", "chance", "times", "skip"}


def decode(document: Object) -> Fault:
    """A fault from its JSON; an unknown member or a value out of range is a bad request."""
    unknown = set(document) - set(Fault.__slots__)
    if unknown:
        raise bad(f"A fault has no member {sorted(unknown)[0]!r}.")
    numbers = {name: _number(document, name) for name in _NUMBERS & set(document)}
    names = {kind.value for kind in Kind}
    if text_of(document, "kind") not in names:
        raise bad(f"A fault's kind is one of {', '.join(sorted(names))}.")
    if numbers.get("status", 500) not in STATUSES:
        raise bad(f"A fault's status is one of {', '.join(map(str, STATUSES))}.")
    words: Object = {name: text_of(document, name, getattr(Fault(kind=Kind.CUT), name)) for name in ("method", "route", "module", "message")}
    fault = Fault(kind=Kind(document["kind"]), after=document.get("after") is True, **words, **numbers)
    if fault.kind is Kind.MODULE and not fault.module:
        raise bad("A fault of kind 'module' names the module that fails: its id, its family, its name, or a node's id.")
    return fault


def _number(document: Object, name: str) -> Json:
    value = document[name]
    if value is None and name in {"times", "retry_after"}:
        return None
    whole = name in {"status", "times", "skip"}
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 0 <= value <= 1_000_000:
        raise bad(f"A fault's {name} must be a {'whole ' if whole else ''}number that is not negative.")
    return value


def encode(fault: Fault) -> Object:
    """The fault as JSON."""
    return {name: getattr(fault, name) for name in Fault.__slots__} | {"kind": fault.kind.value}


def add(store: Store, faults: list[Fault]) -> list[int]:
    """Set faults, all or none; the numbers they got."""
    with store.write() as db:
        query = "INSERT INTO faults (doc, skip, remaining) VALUES (?, ?, ?) RETURNING number"
        return [int(db.execute(query, (pack(encode(fault)), fault.skip, fault.times)).fetchone()[0]) for fault in faults]


def found_all(store: Store) -> list[Object]:
    """The faults that are set, with how often each struck."""
    return [
        unpack(row["doc"]) | {"number": row["number"], "remaining": row["remaining"], "hits": row["hits"]}
        for row in store.rows("SELECT * FROM faults ORDER BY number")
    ]


def briefly(found: Object) -> Object | None:
    """A fault of `found_all` without what nobody set; None where it has struck as often as it was to."""
    if found["remaining"] == 0:
        return None
    unset = {member.name: member.default for member in fields(Fault)}
    given = {name: value for name, value in found.items() if name != "times" and (name not in unset or value != unset[name])}
    return {"number": found["number"], **given}


def remove(store: Store, number: int | None) -> int:
    """Take one fault back, or all of them; says how many."""
    with store.write() as db:
        if number is None:
            return db.execute("DELETE FROM faults").rowcount
        count = db.execute("DELETE FROM faults WHERE number = ?", (number,)).rowcount
    if not count:
        raise missing(f"The fault {number}")
    return count


def are_set(store: Store) -> bool:
    """Whether there is any fault."""
    return store.row("SELECT 1 FROM faults LIMIT 1") is not None


def strike(store: Store, method: str, path: str) -> list[Fault]:
    """The faults that hit this request; each is counted in the same step, so that two requests can't share one."""
    return _take(store, lambda fault: fault.kind is not Kind.MODULE and _hits(fault, method, path))


def failing(store: Store, names: set[str]) -> Fault | None:
    """The fault that makes a module of these names fail, if any."""
    found = _take(store, lambda fault: fault.kind is Kind.MODULE and fault.module.lower() in names)
    return found[0] if found else None


def _take(store: Store, matches: Callable[[Fault], bool]) -> list[Fault]:
    if not are_set(store):
        return []
    struck: list[Fault] = []
    with store.write() as db:
        for row in db.execute("SELECT * FROM faults ORDER BY number").fetchall():
            fault = _active(row)
            if fault is None or not matches(fault):
                continue
            if row["skip"] > 0:
                db.execute("UPDATE faults SET skip = skip - 1 WHERE number = ?", (row["number"],))
            elif random.random() < fault.chance:  # noqa: S311 # a drill, no secret
                db.execute("UPDATE faults SET hits = hits + 1, remaining = remaining - 1 WHERE number = ?", (row["number"],))
                struck.append(fault)
    return struck


def _active(row: Row) -> Fault | None:
    if row["remaining"] is not None and row["remaining"] <= 0:
        return None
    document = unpack(row["doc"])
    return Fault(**(document | {"kind": Kind(document["kind"])}))


def _hits(fault: Fault, method: str, path: str) -> bool:
    return fault.method.upper() in {"*", method} and fnmatch.fnmatchcase(path.lower(), fault.route.lower())

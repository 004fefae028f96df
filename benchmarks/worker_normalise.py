"""One round of normalising in one process: processor seconds for each way to take the same bytes in and give text out, as JSON.

    python benchmarks/worker_normalise.py FOLDER

The files of FOLDER/first are normalised by a splitter of their own each, as if nothing had been seen before; then those of FOLDER/warm by one
splitter, as a clone does, with the secret scan and without.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import msgspec
import orjson

from amlgit.form import secrets
from amlgit.form.secrets import Decisions, Guard
from amlgit.form.splitter import Splitter
from amlgit.model.experiments import peek

_sorted_encoder = msgspec.json.Encoder(order="sorted")


def _seconds(work: Callable[[bytes], object], files: Sequence[bytes]) -> float:
    begun = process_time()
    for data in files:
        work(data)
    return process_time() - begun


def _split(splitter: Splitter, data: bytes) -> None:
    facts = peek(data)
    assert facts is not None, "the archive is ours, and every file of it a regular export"
    splitter.split(data, facts.family)


def _without_scan() -> None:
    """Make the scan let everything through, credentials excepted: what is left is the rest of the work."""

    def let_through(_: Guard, value: object, *__: object, **___: object) -> object:
        return value

    for name in ("value", "text"):
        setattr(Guard, name, let_through)
    setattr(secrets.Statuses, "_is_clean", lambda *_: True)  # noqa: B010  # mypy forbids to assign a method


def main(folder: str) -> None:
    """Print the seconds of each way."""
    one_by_one, together = ([path.read_bytes() for path in sorted(Path(folder, kind).rglob("*.json"))] for kind in ("first", "warm"))
    found = {"bytes first": float(sum(map(len, one_by_one))), "bytes warm": float(sum(map(len, together)))}
    for name, fast in (("orjson", _orjson), ("msgspec", _msgspec)):
        fast(together[0])
        found[f"{name} first"], found[f"{name} warm"] = _seconds(fast, one_by_one), _seconds(fast, together)
    _split(Splitter(Decisions()), together[0])
    found["amlgit first"] = _seconds(lambda data: _split(Splitter(Decisions()), data), one_by_one)
    found["amlgit warm"] = _warm(together)
    _without_scan()
    found["unscanned"] = _warm(together)
    print(json.dumps(found))  # the answer to the process that asked


def _warm(files: Sequence[bytes]) -> float:
    splitter = Splitter(Decisions())
    return _seconds(lambda data: _split(splitter, data), files)


def _orjson(data: bytes) -> bytes:
    return orjson.dumps(orjson.loads(data), option=orjson.OPT_SORT_KEYS)


def _msgspec(data: bytes) -> bytes:
    return _sorted_encoder.encode(msgspec.json.decode(data))


if __name__ == "__main__":
    main(*sys.argv[1:])

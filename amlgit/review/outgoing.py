"""One file of an experiment or service for itself, as a commit brings it: no conflict marker, no secret. The rest of its folder is not at hand."""

from collections.abc import Iterator

from amlgit.errors import InvalidDocument
from amlgit.form.experiments import parse
from amlgit.form.secrets import Decisions, Guard, unescape
from amlgit.form.webservices import DEFINITION
from amlgit.model.jsontext import dumps_pretty
from amlgit.review import reading, service
from amlgit.review.damaged import Damaged
from amlgit.review.findings import ALLOW_ALL, Finding, conflict_markers, each_once, line_of, scanned, suspected, unreplaced


def inspect(path: str, data: bytes, decisions: Decisions) -> Iterator[Finding]:
    """What must not leave the machine in a file, given by its path in the folder."""
    yield from conflict_markers({path: data})
    if not path.endswith(reading.SUFFIX):
        yield from _script(path, data, decisions)
    elif path == DEFINITION:
        yield from service.secrets(data, decisions)
    elif reading.is_node(path):
        yield from Damaged({path: data}, "", decisions).secrets()
    else:
        yield from _page(path, data, decisions)


def _script(path: str, data: bytes, decisions: Decisions) -> Iterator[Finding]:
    """What may be a secret in a script. Its node tells whether its own line ends are others, and a decision is about the text as that has it."""
    found = list(scanned(path, data, decisions))
    if found and b"\r" not in data and not list(scanned(path, data.replace(b"\n", b"\r\n"), decisions)):
        return
    yield from found


def _page(path: str, data: bytes, decisions: Decisions) -> Iterator[Finding]:
    try:
        page = parse(path, data)
    except InvalidDocument:
        yield from scanned(path, data, decisions)
        return
    guard, no_guard = Guard("", decisions), Guard("", ALLOW_ALL)
    guarded, plain = (dumps_pretty(each.members({name: unescape(value) for name, value in page.items()}, "")) for each in (guard, no_guard))
    yield from unreplaced(path, data, plain=plain, guarded=guarded)
    for suspicion in each_once(guard.suspicions):
        yield suspected(suspicion, path, line_of(data, suspicion.place.rpartition("/")[2].encode()))

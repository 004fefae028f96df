"""What is wrong with a web service's folder, and what has one right fix in it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from amlgit.errors import InvalidDocument
from amlgit.form import webservices
from amlgit.form.experiments import Form, parse
from amlgit.form.secrets import Decisions, Suspicion
from amlgit.form.webservices import DEFINITION
from amlgit.model.jsontext import Json, Object, dumps
from amlgit.model.webservices import faults, member
from amlgit.review.findings import (
    ALLOW_ALL,
    Finding,
    carriage_return,
    conflict_markers,
    each_once,
    foreign,
    line_of,
    not_normal,
    scanned,
    script_missing,
    sentence,
    stated_line,
    suspected,
    unreplaced,
)
from amlgit.review.mend import Mended, rewritten


class _Script(NamedTuple):
    """A script as a parameter of the definition names it; `node` is empty for the service's own."""

    node: str
    parameter: str
    file: str
    is_crlf: bool


def mended(files: Mapping[str, bytes], family: str) -> Mended:
    """A service's folder with everything mended that has one right fix."""
    page = _page(files)
    scripts = list(_scripts(page))
    current = dict(files)
    for script in scripts:
        unified = current.get(script.file, b"").replace(b"\r\n", b"\n")
        if script.is_crlf and script.file in current and b"\r" not in unified:
            current[script.file] = unified
    try:
        form = webservices.split_protected(webservices.join(current), family, ALLOW_ALL)
    except InvalidDocument:
        return Mended(files=current)
    return Mended(files=rewritten(current, form, {DEFINITION, *(script.file for script in scripts)}))


def inspect(files: Mapping[str, bytes], family: str, decisions: Decisions) -> list[Finding]:
    """What is wrong with the content of a web service's folder, given by path; `family` is empty where it is bound to none."""
    found = list(conflict_markers(files))
    if DEFINITION not in files:
        message, hint = f"{DEFINITION} is missing.", "Bring it back from git."
        return [*found, Finding(rule="missing-file", message=message, path=DEFINITION, hint=hint), *_scan(files, decisions)]
    try:
        parse(DEFINITION, files[DEFINITION])
    except InvalidDocument as error:
        broken = Finding(rule="json", message=sentence(str(error), DEFINITION), path=DEFINITION, line=stated_line(str(error)))
        is_conflict = any(finding.path == DEFINITION for finding in found)
        return [*found, *(() if is_conflict else (broken,)), *_scan(files, decisions)]
    return [*found, *_faults(files), *_files(files), *_form(files, family, decisions, found)]


def secrets(data: bytes, decisions: Decisions) -> Iterator[Finding]:
    """What is or may be a secret in a definition, its scripts apart."""
    scripts = {script.file: b"" for script in _scripts(_page({DEFINITION: data}))}
    found = inspect({**scripts, DEFINITION: data}, "", decisions)
    return (finding for finding in found if finding.rule == "secret" and finding.path == DEFINITION)


def _scan(files: Mapping[str, bytes], decisions: Decisions) -> Iterator[Finding]:
    for path in sorted(files):
        yield from scanned(path, files[path], decisions)


def _page(files: Mapping[str, bytes]) -> Object:
    try:
        return parse(DEFINITION, files.get(DEFINITION, b""))
    except InvalidDocument:
        return {}


def _scripts(page: Object) -> Iterator[_Script]:
    properties = member(page, "properties")
    owners: list[tuple[str, Json]] = [("", properties)]
    nodes = member(member(properties, "package"), "nodes")
    owners += nodes.items() if isinstance(nodes, Mapping) else ()
    for node, owner in owners:
        parameters = member(owner, "parameters")
        for name, parameter in parameters.items() if isinstance(parameters, Mapping) else ():
            for holder in (parameter, member(parameter, "value")):
                file = holder.get("File") if isinstance(holder, Mapping) else None
                if isinstance(holder, Mapping) and isinstance(file, str):
                    yield _Script(node, name, file, holder.get("Newline") == "CRLF")


def _faults(files: Mapping[str, bytes]) -> Iterator[Finding]:
    for fault in faults(_page(files)):
        yield Finding(rule=fault.rule, message=fault.message, path=DEFINITION, line=_line(files, fault.node, None))


def _line(files: Mapping[str, bytes], node: str | None, name: str | None) -> int | None:
    """The line of a node in the definition, or of a member of it."""
    data = files[DEFINITION]
    start = data.find(dumps(node) + b": {") if node is not None else 0
    if name is None or start < 0:
        return line_of(data, dumps(node) + b": {") if node is not None else None
    return line_of(data, dumps(name) + b":", data.rfind(b"\n", 0, start) + 1)


def _named(files: Mapping[str, bytes]) -> set[str]:
    return {DEFINITION, *(script.file for script in _scripts(_page(files)))}


def _files(files: Mapping[str, bytes]) -> Iterator[Finding]:
    scripts = list(_scripts(_page(files)))
    for script in scripts:
        if script.file not in files:
            yield script_missing(DEFINITION, script.file, line_of(files[DEFINITION], b'"File": ' + dumps(script.file)))
        elif script.is_crlf and b"\r" in files[script.file]:
            yield carriage_return(script.file, files[script.file])
    named = _named(files)
    for path in files:
        if path not in named:
            yield foreign(path, "The definition does not refer to this file.")


def _form(files: Mapping[str, bytes], family: str, decisions: Decisions, found: list[Finding]) -> Iterator[Finding]:
    try:
        document = webservices.join(files)
        guarded = webservices.split_protected(document, family, decisions)
    except InvalidDocument as error:
        if not [*_faults(files), *(finding for finding in _files(files) if finding.severity == "error"), *found]:
            message = str(error)
            path = next((path for path in files if message.startswith(f"{path}:")), DEFINITION)
            yield Finding(rule="form", message=sentence(message, path), path=path, line=stated_line(message), hint=error.hint)
        yield from _scan(files, decisions)
        yield from _not_normal(files, family, set())
        return
    found_in = {f"{script.node or 'definition'}/{script.parameter}": script.file for script in reversed([*_scripts(_page(files))])}
    for suspicion in each_once(guarded.suspicions):
        yield _suspected(suspicion, family, files, found_in)
    if guarded.content != files:
        secrets = list(_unreplaced(files, guarded, webservices.split_protected(document, family, ALLOW_ALL)))
        yield from secrets
        yield from _not_normal(files, family, {finding.path for finding in secrets})
        yield from _scan({path: data for path, data in files.items() if path not in _named(files)}, decisions)


def _unreplaced(files: Mapping[str, bytes], guarded: Form, plain: Form) -> Iterator[Finding]:
    for path, data in plain.content.items():
        yield from unreplaced(path, files.get(path, b""), plain=data, guarded=guarded.content[path])


def _not_normal(files: Mapping[str, bytes], family: str, explained: set[str]) -> Iterator[Finding]:
    new = mended(files, family).files
    returns = {script.file for script in _scripts(_page(files)) if script.is_crlf and b"\r" in files.get(script.file, b"")}
    for path in sorted(files):
        if path in new and new[path] != files[path] and path not in explained | returns:
            yield not_normal(path, files[path], new[path])


def _suspected(suspicion: Suspicion, family: str, files: Mapping[str, bytes], found_in: Mapping[str, str]) -> Finding:
    """What may be a secret, at its line of a script (`found_in`: the place of each, and its file) or of the definition."""
    place = suspicion.place.removeprefix(f"{family}/")
    if place in found_in:
        return suspected(suspicion, found_in[place], suspicion.line)
    node, _, name = place.partition("/")
    return suspected(suspicion, DEFINITION, _line(files, node, name) or line_of(files[DEFINITION], dumps(name) + b":"))

"""What is wrong with an experiment's folder in which something is: every rule, and each file for itself where the whole can't be read."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from amlgit.errors import InvalidDocument
from amlgit.form import nodes
from amlgit.form.experiments import EXPERIMENT, LAYOUT
from amlgit.form.nodes import FOLDER
from amlgit.form.pages import object_, objects
from amlgit.form.secrets import Decisions, Guard, Suspicion
from amlgit.form.splitter import Splitter
from amlgit.model import graph
from amlgit.model.graph import Fault, shown
from amlgit.model.jsontext import Json, Object, dumps
from amlgit.review import mend, reading
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
from amlgit.review.mend import Mended
from amlgit.review.reading import Reading


class Damaged:
    """A folder that can't be read whole, or is not in normal form."""

    def __init__(self, files: Mapping[str, bytes], family: str, decisions: Decisions) -> None:
        self._files = files
        self._family = family
        self._decisions = decisions
        self._reading: Reading = reading.read(files)
        self._own = reading.own_stems(self._reading)
        self._paths = {str(node.members["Id"]): path for path, node in self._reading.nodes.items()}

    @cached_property
    def _mended(self) -> Mended:
        return mend.experiment(self._files, self._family)

    def findings(self, error: InvalidDocument | None, document: Object | None) -> Iterator[Finding]:
        """All there are, for the document that the folder holds, or for the reason why it can't be read whole."""
        found = [
            *conflict_markers(self._files),
            *self._unread(),
            *self._identities(),
            *self._scripts(),
            *self._foreign(),
            *self._references(),
            *self._faults(self._partial() if document is None else document),
            *(self._secrets_of_each() if document is None else self._secrets(document)),
        ]
        yield from found
        yield from self._not_normal({finding.path for finding in found if finding.fixable or finding.rule == "secret"})
        if error is not None and not any(finding.severity == "error" for finding in found):
            yield self._stated(error)

    def secrets(self) -> Iterator[Finding]:
        """What is or may be a secret, each file looked at for itself."""
        yield from self._secrets_of_each()

    def _stated(self, error: InvalidDocument) -> Finding:
        """Why the folder can't be read, at the file or node that the message names."""
        message = str(error)
        path = next((path for path in sorted(self._files, reverse=True) if message.startswith((f"{path}:", f"{path.removeprefix(FOLDER)}:"))), None)
        if path is None:
            path = next((path for node_id, path in self._paths.items() if node_id in message), EXPERIMENT)
        return Finding(rule="form", message=sentence(message, path), path=path, line=stated_line(message), hint=error.hint)

    def _unread(self) -> Iterator[Finding]:
        conflicts = {finding.path for finding in conflict_markers(self._files)}
        for path in (EXPERIMENT, LAYOUT):
            if path not in self._files:
                fixable = path in self._mended.files
                hint = "'amlgit check --fix' writes it." if fixable else "Bring it back from git."
                yield Finding(rule="missing-file", message=f"{path} is missing.", path=path, fixable=fixable, hint=hint)
        for path, error in self._reading.unparsed.items():
            if path not in conflicts:
                yield Finding(rule="json", message=sentence(str(error), path), path=path, line=stated_line(str(error)))
        for path, error in self._reading.unread.items():
            yield Finding(rule="form", message=sentence(str(error), path), path=path, hint=error.hint)

    def _identities(self) -> Iterator[Finding]:
        renames = dict(self._mended.renames)
        by_id: dict[str, list[str]] = {}
        for path, node in self._reading.nodes.items():
            by_id.setdefault(str(node.members["Id"]), []).append(path)
        for paths in by_id.values():
            for path in paths if len(paths) > 1 else ():
                others = ", ".join(reading.stem(other) for other in paths if other != path)
                yield Finding(
                    rule="node-identity",
                    message=f"This file's node stands in another file too: {others}.",
                    path=path,
                    line=line_of(self._files[path], b'"Id":'),
                    hint="Keep one of the files, or give one of the nodes an Id of its own.",
                )
        for path, own in self._own.items():
            if own != reading.stem(path):
                fixable = path in renames
                hint = "'amlgit check --fix' renames it." if fixable else "Another file has that name, or can't be read: mend that first."
                message = f"The file's node has the name {own!r}."
                yield Finding(rule="node-identity", message=message, path=path, fixable=fixable, hint=hint)

    def _scripts(self) -> Iterator[Finding]:
        for path, page in self._reading.pages.items():
            for script in reading.scripts(page):
                data = self._files.get(script.path)
                name = script.path.removeprefix(FOLDER)
                if data is None:
                    yield script_missing(path, name, line_of(self._files[path], b'"File": ' + dumps(name)))
                elif script.is_crlf and b"\r" in data:
                    yield carriage_return(script.path, data)

    def _foreign(self) -> Iterator[Finding]:
        named = {EXPERIMENT, LAYOUT, *self._reading.node_paths}
        named |= {script.path for page in self._reading.pages.values() for script in reading.scripts(page)}
        unparsed = tuple(f"{path.removesuffix(reading.SUFFIX)}{end}" for path in self._reading.unparsed for end in (".", " "))
        for path in self._files:
            if path not in named and not path.startswith(unparsed):
                yield foreign(path, "No node refers to this file.")

    def _references(self) -> Iterator[Finding]:
        there = {reading.stem(path) for path in self._reading.node_paths}
        own = {own for path, own in self._own.items() if path in dict(self._mended.renames)}
        for path, page in self._reading.pages.items():
            for reference in reading.references(path, page):
                if reference.stem in there:
                    continue
                line = line_of(self._files[path], dumps(reference.member) + b": " + dumps(reference.text))
                if path == LAYOUT:
                    fixable = reference.stem in own or self._mended.files.get(LAYOUT) != self._files[LAYOUT]
                    message = f"A box of {shown(reference.stem)!r}, and there is no such node."
                    yield Finding(rule="layout-box", severity="warning", message=message, path=LAYOUT, line=line, fixable=fixable)
                else:
                    yield Finding(
                        rule="dangling-source",
                        message=f"{reference.member} names {shown(reference.stem)!r}, and there is no such node.",
                        path=path,
                        line=line,
                        fixable=reference.stem in own,
                        hint=None if reference.stem in own else f"Bring '{reading.path_of(reference.stem)}' back, or take the reference out.",
                    )

    def _not_normal(self, explained: set[str]) -> Iterator[Finding]:
        for path in sorted(set(self._files) - explained - dict(self._mended.renames).keys()):
            new = self._mended.files.get(path, self._files[path])
            if new != self._files[path]:
                yield not_normal(path, self._files[path], new)

    def _faults(self, document: Object) -> Iterator[Finding]:
        names = {node_id: reading.stem(path) for node_id, path in self._paths.items()}
        for fault in graph.faults(document, names):
            yield _located(fault, self._paths, self._files)

    def _partial(self) -> Object:
        """The graph as far as it can be read: without nodes that can't, and without edges to those."""
        ids = {reading.stem(path): node_id for node_id, path in self._paths.items()}
        found = [self._reading.nodes[path] for path in self._paths.values()]
        edges: list[Object] = [
            {"DestinationInputPortId": f"{node.members['Id']}:{port}", "SourceOutputPortId": f"{ids[stem]}:{name}"}
            for node in found
            for port, source in node.sources
            for stem, _, name in [source.partition(":")]
            if stem in ids
        ]
        rest = self._reading.pages.get(EXPERIMENT, {}).get("Graph")
        if self._reading.is_complete and isinstance(rest, Mapping):
            edges += _edges(rest.get("EdgesInternal"))
        return {"Graph": {"ModuleNodes": [node.members for node in found], "EdgesInternal": edges}}

    def _secrets(self, document: Object) -> Iterator[Finding]:
        guarded, plain = (Splitter(decisions).split_protected(document, self._family) for decisions in (self._decisions, ALLOW_ALL))
        yield from self._unreplaced(plain.content, guarded.content)
        yield from self._suspicions(guarded.suspicions)
        yield from self._scan(set(self._files) - mend.consumed(self._reading))

    def _secrets_of_each(self) -> Iterator[Finding]:
        """The secrets of the nodes that can be read, and of the other files as mere text."""
        read = set()
        for path, node in self._reading.nodes.items():
            guard, no_guard = Guard(self._family, self._decisions), Guard(self._family, ALLOW_ALL)
            try:
                guarded, plain = (nodes.write(node.members, reading.stem(path), dict(node.sources), each) for each in (guard, no_guard))
            except InvalidDocument:
                continue
            read |= {path, *(script.path for script in reading.scripts(self._reading.pages[path]))}
            yield from self._unreplaced(dict(plain.files), dict(guarded.files))
            yield from self._suspicions(guard.suspicions)
        yield from self._scan(set(self._files) - read)

    def _scan(self, paths: set[str]) -> Iterator[Finding]:
        for path in sorted(paths):
            yield from scanned(path, self._files[path], self._decisions)

    def _unreplaced(self, plain: Mapping[str, bytes], guarded: Mapping[str, bytes]) -> Iterator[Finding]:
        here = {reading.path_of(own): path for path, own in self._own.items()}
        for path, data in plain.items():
            current = here.get(path, path)
            yield from unreplaced(current, self._files.get(current, b""), plain=data, guarded=guarded[path])

    def _suspicions(self, suspicions: Iterable[Suspicion]) -> Iterator[Finding]:
        for suspicion in each_once(suspicions):
            yield _suspected(suspicion, self._family, self._paths, self._reading)


def _located(fault: Fault, paths: Mapping[str, str], files: Mapping[str, bytes]) -> Finding:
    """A graph's fault where it stands: at an edge that has no place at a port, else at the node's file and the port's line."""
    path, line = paths.get(fault.node or "", EXPERIMENT), None
    if fault.port is not None:
        line = line_of(files.get(EXPERIMENT), b'"DestinationInputPortId": ' + dumps(f"{fault.node}:{fault.port}"))
        path = EXPERIMENT if line is not None else path
        line = line or line_of(files.get(path), b'"Name": ' + dumps(fault.port))
    return Finding(rule=fault.rule, message=fault.message, path=path, line=line)


def _suspected(suspicion: Suspicion, family: str, paths: Mapping[str, str], read: Reading) -> Finding:
    files = read.files
    place = suspicion.place.removeprefix(f"{family}/")
    node_id = next((node_id for node_id in paths if place.startswith(f"{node_id}/")), None)
    if node_id is None:
        name = place.partition("/")[2]
        return suspected(suspicion, EXPERIMENT, line_of(files.get(EXPERIMENT), dumps(name) + b":") or line_of(files.get(EXPERIMENT), dumps(name)))
    path, name = paths[node_id], place.removeprefix(f"{node_id}/")
    script = _script_of(read.pages.get(path, {}), name)
    if script is not None:
        return suspected(suspicion, FOLDER + script, suspicion.line)
    return suspected(suspicion, path, line_of(files[path], b'"Name": ' + dumps(name)) or line_of(files[path], dumps(name) + b":"))


def _script_of(page: Object, parameter: str) -> str | None:
    parameters = page.get("ModuleParameters")
    for entry in parameters if isinstance(parameters, list) else ():
        if isinstance(entry, Mapping) and entry.get("Name") == parameter and isinstance(entry.get("File"), str):
            return str(entry["File"])
    return None


def _edges(value: Json) -> list[Object]:
    try:
        return [object_(edge, "an edge") for edge in objects(value, "edges")]
    except InvalidDocument:
        return []

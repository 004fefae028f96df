"""What has one right fix: normal form, files named after their nodes and the references to them, carriage returns, forgotten boxes."""

from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.errors import InvalidDocument
from amlgit.form import experiments, nodes
from amlgit.form.experiments import EXPERIMENT, LAYOUT, Form
from amlgit.form.secrets import Guard
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import dumps
from amlgit.review import reading
from amlgit.review.findings import ALLOW_ALL, PLACEHOLDER
from amlgit.review.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A folder as it should be: its files, and the node files that were renamed on the way, in that order."""

    files: Mapping[str, bytes]
    renames: tuple[tuple[str, str], ...] = ()


def experiment(files: Mapping[str, bytes], family: str) -> Mended:
    """An experiment's folder with everything mended that has one right fix; mended again, it stays as it is."""
    current = _unify_newlines(reading.read(files))
    renames: list[tuple[str, str]] = []
    while batch := _renames(reading.read(current)):
        current = _rename(reading.read(current), dict(batch))
        renames += batch
    try:
        document = experiments.join(current)
        form = Splitter(ALLOW_ALL).split_protected(document, family)
    except InvalidDocument:
        return Mended(files=_node_by_node(reading.read(current), family), renames=tuple(renames))
    return Mended(files=rewritten(current, form, consumed(reading.read(current))), renames=tuple(renames))


def _unify_newlines(folder: Reading) -> dict[str, bytes]:
    files = dict(folder.files)
    for page in folder.pages.values():
        for script in reading.scripts(page):
            unified = files.get(script.path, b"").replace(b"\r\n", b"\n")
            if script.is_crlf and script.path in files and b"\r" not in unified:
                files[script.path] = unified
    return files


def _renames(folder: Reading) -> list[tuple[str, str]]:
    """Node files that can take their own name at once; none as long as a node can't be read, for a name may depend on its like."""
    if not folder.is_complete:
        return []
    taken = {path.casefold(): path for path in folder.files}
    wanted = ((path, reading.path_of(own)) for path, own in reading.own_stems(folder).items())
    return [(old, new) for old, new in wanted if old != new and taken.get(new.casefold(), old) == old]


def _rename(folder: Reading, names: Mapping[str, str]) -> dict[str, bytes]:
    new_stems = {reading.stem(old): reading.stem(new) for old, new in names.items()}
    files = dict(folder.files)
    for path, page in folder.pages.items():
        if any(reference.stem in new_stems for reference in reading.references(path, page)):
            files[path] = dumps(reading.renamed(path, page, new_stems))
    return {names.get(path, path): data for path, data in files.items()}


def consumed(folder: Reading) -> set[str]:
    """The files that `join` reads."""
    scripts = {script.path for page in folder.pages.values() for script in reading.scripts(page)}
    return {EXPERIMENT, LAYOUT, *folder.node_paths, *scripts}


def rewritten(files: Mapping[str, bytes], form: Form, read: set[str]) -> dict[str, bytes]:
    """The files with the ones that were read given way to the form; a secret that the form replaced stays as it stands."""
    if any(path in files and path not in read and files[path] != data for path, data in form.content.items()):
        return dict(files)  # a script's own name is taken by a file that belongs to nobody
    mended = {path: data for path, data in files.items() if path not in read} | dict(form.content)
    return {path: files[path] if _is_less(files.get(path), data) else data for path, data in mended.items()}


def _is_less(old: bytes | None, new: bytes) -> bool:
    return old is not None and new.count(PLACEHOLDER) > old.count(PLACEHOLDER)


def _node_by_node(folder: Reading, family: str) -> dict[str, bytes]:
    """The nodes in normal form as far as they can be read, each on its own; the rest as it is."""
    files = dict(folder.files)
    own = reading.own_stems(folder)
    for path, node in folder.nodes.items():
        if own.get(path) != reading.stem(path) or not _are_sound(folder, path):
            continue
        try:
            form = nodes.write(node.members, reading.stem(path), dict(node.sources), Guard(family, ALLOW_ALL))
        except InvalidDocument:
            continue
        read = {path, *(script.path for script in reading.scripts(folder.pages[path]))}
        if read <= dict(form.files).keys():  # a script under another name may be that of a node that can't be read
            files = rewritten(files, Form(content=dict(form.files), run=b"", suspicions=()), read)
    return files


def _are_sound(folder: Reading, path: str) -> bool:
    """Whether the scripts of a node are as they were read."""
    found = list(reading.scripts(folder.pages[path]))
    return all(script.path in folder.files and not (script.is_crlf and b"\r" in folder.files[script.path]) for script in found)

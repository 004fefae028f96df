"""An archive of exports without anything of their owners, in the same wire form."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from amlgit.errors import InvalidDocument, UsageError
from amlgit.model import experiments
from amlgit.model.jsontext import Object, loads
from amlgit.model.webservices import Identity
from amlgit.remotes import archive
from amlgit.remotes.archive import Document, Listing, Problem
from amlgit.workflows.anonymous.documents import AnonymizeReport, Documents, Progress
from amlgit.workflows.intake.looking import LEFT_ALONE, identify
from amlgit.workflows.versions.documents import wire


def anonymize_archive(source: Path, folder: Path, documents: Documents, progress: Progress) -> AnonymizeReport:
    """Write an anonymous copy of each export and definition of an archive into `folder`, dates in paths and times of files as they were."""
    with archive.listing(source) as found:
        problems = [*found.problems, *_beside(source, found)]
        taken: set[str] = set()
        kinds = {"exports": 0, "definitions": 0}
        for number, document in enumerate(found.documents):
            progress("anonymizing", number, len(found.documents))
            try:
                about, anonymous = _anonymous(document, documents)
            except InvalidDocument as error:
                problems.append(Problem(name=document.name, reason=str(error)))
                continue
            if anonymous is None:
                problems.append(Problem(name=document.name, reason=f"{LEFT_ALONE}JSON, but no experiment and no web service definition"))
                continue
            kinds["definitions" if isinstance(about, Identity) else "exports"] += 1
            write(folder, _path(document, about, documents, taken), wire(anonymous), document.modified)
    if not any(kinds.values()):
        told = "".join(f"; {problem.name}: {problem.reason}" for problem in sorted(problems, key=lambda problem: problem.name)[:1])
        raise UsageError(f"{source} holds no export and no definition{told}", hint="Name a folder or zip file of exported JSON, or a repository.")
    return AnonymizeReport(
        kind="archive",
        destination="",
        holds=kinds,
        replaced=documents.pseudonyms.counts(),
        left_out=tuple(sorted(problems, key=lambda problem: problem.name)),
    )


def write(folder: Path, name: str, data: bytes, modified: int) -> None:
    """Write a file of an archive, with its time."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (modified, modified))


def _beside(source: Path, found: Listing) -> Iterator[Problem]:
    """The files of a folder that no archive looks at."""
    if not source.is_dir():
        return
    known = {document.name for document in found.documents} | {problem.name for problem in found.problems}
    for folder, subfolders, files in os.walk(source):
        subfolders[:] = sorted(name for name in subfolders if name not in archive.SKIPPED_FOLDERS)
        for name in sorted(files):
            relative = archive.portable(os.path.relpath(os.path.join(folder, name), source))
            if relative not in known:
                yield Problem(name=relative, reason=f"{LEFT_ALONE}no JSON file")


def _anonymous(document: Document, documents: Documents) -> tuple[experiments.Facts | Identity | None, Object | None]:
    data = document.read()
    about = experiments.peek(data) or identify(document, value := loads(data))
    if isinstance(about, Identity):
        assert isinstance(value, dict)  # what is none was identified as nothing
        return about, documents.definition(value, about.family)
    return about, None if about is None else documents.export(data, about.family)


def _path(document: Document, about: experiments.Facts | Identity | None, documents: Documents, taken: set[str]) -> str:
    """A file's place in the copy: dates stay, for they are when a draft was saved; of a definition without a name the file has it."""
    *folders, name = PurePosixPath(document.name.replace("\\", "/")).parts
    stem = name[: name.lower().index(".json")]
    if isinstance(about, Identity):
        stem = " ".join([documents.anonymiser.service(about.name), *archive.dates(stem)])
    else:
        stem = archive.around_dates(stem, documents.anonymiser.title)
    parts = [archive.around_dates(folder, documents.anonymiser.technical) for folder in folders]
    wanted = found = "/".join([*parts, stem])
    number = 1
    while found.casefold() in taken:
        number += 1
        found = f"{number}/{wanted}"
    taken.add(found.casefold())
    return f"{found}.json"

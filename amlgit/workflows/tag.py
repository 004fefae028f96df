"""`tag`: an annotated git tag that says which versions it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from amlgit.errors import Refused, UsageError
from amlgit.store import streams, trailers
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.locate import Known, Located, of_record
from amlgit.workflows.map import holding, locate_at
from amlgit.workflows.versions.choose import choose


@dataclass(frozen=True, slots=True, kw_only=True)
class TagReport:
    """The tag, the commit it is (or would be) on, its message and the versions that its trailers name."""

    name: str
    commit: str
    message: str
    versions: tuple[Known, ...]
    left_out: tuple[Located, ...]
    """Folders of the commit that are no version exactly."""


def tag(repository: Repository, name: str, experiment: str | None, text: str | None, *, dry_run: bool) -> TagReport:
    """Tag HEAD with every version it holds, or one version where it came in; raises Refused where the name is taken."""
    _check_name(repository, name)
    report = _of_head(repository, name, text) if experiment is None else _of_version(repository, name, experiment, text)
    if not dry_run:
        _write(repository, report)
    return report


def _check_name(repository: Repository, name: str) -> None:
    if name.startswith("-") or repository.attempt("check-ref-format", f"refs/tags/{name}").returncode != 0:
        raise UsageError(f"{name!r} is no name for a tag", hint="'git help check-ref-format' has the rules.")
    if repository.refs(f"refs/tags/{name}"):
        raise Refused(f"there is a tag {name!r} already", hint=f"Choose another name, or remove it with 'git tag -d {name}'.")


def _of_head(repository: Repository, name: str, text: str | None) -> TagReport:
    head = repository.head()
    if head is None:
        raise Refused("there is no commit yet", hint="Pull or commit something first.")
    located = locate_at(repository, head, "HEAD")
    exact = [found.version for found in located if found.exact and found.version is not None and found.version.commit is not None]
    if not exact:
        raise Refused(
            "no experiment in HEAD is exactly a version of the record", hint="'amlgit map HEAD' shows what they are; a plain 'git tag' needs none."
        )
    left_out = tuple(found for found in located if found.version not in exact)
    return TagReport(name=name, commit=head, message=_message(repository, exact, text), versions=tuple(exact), left_out=left_out)


def _of_version(repository: Repository, name: str, experiment: str, text: str | None) -> TagReport:
    known = _version(repository, experiment)
    return TagReport(name=name, commit=_where(repository, known), message=_message(repository, [known], text), versions=(known,), left_out=())


def _version(repository: Repository, experiment: str) -> Known:
    """The version that EXPERIMENT@N names, or that EXPERIMENT is in HEAD."""
    choice = choose(repository, experiment)
    if choice.version is not None and (named := of_record(repository, choice.version.commit, choice.remote)):
        return named
    folder = choice.subject.folder
    located = locate_at(repository, str(repository.head()), "HEAD") if folder is not None else ()
    exact = [found.version for found in located if folder is not None and found.path == folder.path and found.exact and found.version is not None]
    known = next((version for version in exact if version.commit is not None), None)
    if known is None:
        raise Refused(f"{experiment!r} in HEAD is not exactly a version of the record", hint=f"Name the version: {experiment}@N")
    return known


def _where(repository: Repository, known: Known) -> str:
    """Where a version came in on this branch, else on another, else its commit in the record."""
    commits = holding(repository, known).commits
    here = (commit for commit in commits if repository.attempt("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0)
    found = next(here, None) or next(iter(commits), None) or known.commit
    assert found is not None  # a version without a commit in the record was refused
    return found


def _message(repository: Repository, versions: Sequence[Known], text: str | None) -> str:
    """What is said for people, and the trailers of each version, in one block as git wants them."""
    said = repository.blobs(known.commit for known in versions if known.commit is not None)
    messages = [streams.read_commit(data, {}).message for data in said.values()]
    summary = "\n".join(f"{known.title}: {known.name} {known.status}".rstrip() for known in versions)
    block = "\n".join(f"{name}: {value}" for message in messages for name, value in trailers.parse(message).items())
    return f"{(text or summary).strip()}\n\n{block}\n"


def _write(repository: Repository, report: TagReport) -> None:
    completed = repository.attempt("tag", "--annotate", "--cleanup=verbatim", "--file=-", report.name, report.commit, stdin=report.message.encode())
    if completed.returncode != 0:
        said = completed.stderr.decode(errors="replace").strip()
        raise Refused(f"git tag failed: {said}", hint="No tag was made. Mend that, and run this again.")

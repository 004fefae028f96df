"""What commits bring, looked at one by one: for a push, and for CI where members have no hooks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from amlgit.config import Config
from amlgit.errors import UsageError
from amlgit.form.companions import ASSETS, SYNC
from amlgit.form.secrets import Decisions
from amlgit.review import outgoing as review
from amlgit.review.findings import Finding, ordered
from amlgit.store import outgoing
from amlgit.store.folders import KINDS, is_content
from amlgit.store.outgoing import NewText
from amlgit.store.repository import Repository
from amlgit.store.sources import folder_of
from amlgit.workflows.check import CheckReport, check, finding_folder, shown
from amlgit.workflows.versions.commits import required


def inspect(texts: Iterable[NewText], settings: Config) -> Iterator[Finding]:
    """What is in the texts that must not be in any commit; each finding's message says in which it is."""
    decisions = Decisions(allowed=settings.allow, replaced=settings.replace)
    for text in texts:
        parent, _, rest = text.path.partition("/")
        folder, _, path = rest.partition("/")
        if not path or not (path in (SYNC, ASSETS) or is_content(path.partition("/")[0], KINDS[parent])):
            continue  # the user's own file
        for finding in review.inspect(path, text.data, decisions):
            located = shown(replace(finding, path=f"{parent}/{folder}/{finding.path}"))
            yield replace(located, message=f"In commit {text.commit[:12]}: {located.message}")


def check_range(repository: Repository, settings: Config, between: str, paths: Sequence[str] = ()) -> CheckReport:
    """The folders that `<old>..<new>` touches as they are in the end, and no secret and no conflict marker in any commit on the way."""
    old, new = _ends(repository, between)
    wanted = (new,) if old is None else (new, f"^{old}")
    findings = [finding for finding in inspect(outgoing.new_texts(repository, wanted), settings) if _is_below(finding.path, paths)]
    if old is None:
        report = check(repository, settings, paths=paths, rev=new)
    else:
        report = check_touched(repository, settings, [path for path in outgoing.touched(repository, old, new) if _is_below(path, paths)], new)
    told = {(finding.rule, finding.path, finding.line) for finding in findings}
    in_the_end = (finding for finding in report.findings if (finding.rule, finding.path, finding.line) not in told)
    seen = len({finding_folder(finding.path) for finding in findings})  # a folder may be touched on the way alone
    return replace(report, checked=max(report.checked, seen), findings=ordered((*in_the_end, *findings)))


def check_touched(repository: Repository, settings: Config, files: Sequence[str], rev: str) -> CheckReport:
    """The folders of some files, as they are in a commit."""
    folders = sorted({folder_of(path) for path in files} - {""})
    return check(repository, settings, paths=folders, rev=rev) if folders else CheckReport(checked=0, findings=())


def _is_below(path: str, paths: Sequence[str]) -> bool:
    return not paths or any(each in ("", path) or path.startswith(f"{each}/") for each in paths)


def _ends(repository: Repository, between: str) -> tuple[str | None, str]:
    """The commits of a range; an old one of zeros, as hosts have it for a new branch, stands for none."""
    old, dots, new = between.partition("..")
    if not dots or not old or new.startswith("."):
        raise UsageError(f"{between!r} is no range of commits", hint="Write it as OLD..NEW.")
    return required(repository, old) if old.strip("0") else None, required(repository, new or "HEAD")

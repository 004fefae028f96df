"""Which commits hold a content, found by the content alone: rebase, squash and cherry-pick change nothing in the answer."""

from collections.abc import Iterable, Mapping, Sequence

from amlgit.store import chains, objects, streams
from amlgit.store.folders import PARENTS, content_id
from amlgit.store.repository import Repository


def refs(repository: Repository) -> dict[str, str]:
    """Ref → commit: branches, those of git remotes, tags, and a HEAD on none of them; not what others share of the record as branches."""
    form = "%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
    listing = repository.lines("for-each-ref", f"--format={form}", "refs/heads/", "refs/remotes/", "refs/tags/")
    found: dict[str, str] = {}
    for line in listing:
        name, kind, commit, peeled_kind, peeled = line.split("\0")
        if "commit" in (kind, peeled_kind) and not chains.is_shared(name) and not name.endswith("/HEAD"):
            found[name] = commit if kind == "commit" else peeled
    head = repository.head()
    return found if head is None or head in found.values() else {**found, "HEAD": head}


def contents(repository: Repository, commits: Iterable[str]) -> dict[str, frozenset[str]]:
    """Commit → the content ids of its folders."""
    held, known = _folders(repository, _roots(repository, commits))
    return {commit: frozenset(content for folder in folders if (content := known.get(folder))) for commit, folders in held.items()}


def brought(repository: Repository, tips: Iterable[str], content: str) -> list[str]:
    """The commits behind `tips` where a content came in, newest first."""
    if not (starts := _lines(tips)):
        return []
    parts = objects.tree_ids(repository.blobs([content])[content], repository.object_format).values()
    # where it came in, one of its parts did; with merges against each parent, and with folders as well as files
    walk = ("log", "--no-show-signature", "--root", "-m", "-t", "-s", "-z", *(f"--find-object={part}" for part in parts))
    candidates = dict.fromkeys(streams.records(repository, *walk, "--format=%H %P", "--stdin", stdin=starts))
    families = [candidate.split() for candidate in candidates]
    held, known = _folders(repository, _roots(repository, (commit for family in families for commit in family)))
    return [commit for commit, *parents in families if content in _came(held, known, commit, parents)]


def all_brought(repository: Repository, tips: Iterable[str]) -> dict[str, list[str]]:
    """Content id → the commits behind `tips` where it came in, newest first; one walk for all."""
    walk = ("log", "--no-show-signature", "--format=%T %H %P", "--stdin")
    parents: dict[str, list[str]] = {}
    roots: dict[str, bytes] = {}
    starts = _lines(tips)
    for ids, root in streams.annotated(repository, *walk, stdin=starts) if starts else ():
        commit, *parents[commit] = ids.split()
        roots[commit] = root
    held, known = _folders(repository, roots)
    found: dict[str, list[str]] = {}
    for commit, of_commit in parents.items():
        for content in _came(held, known, commit, of_commit):
            found.setdefault(content, []).append(commit)
    return found


def _roots(repository: Repository, commits: Iterable[str]) -> dict[str, bytes]:
    """Commit → the tree object of its top folder."""
    names = {f"{commit}^{{tree}}": commit for commit in commits}
    return {names[name]: data for name, data in repository.blobs(names).items()}


def _folders(repository: Repository, roots: Mapping[str, bytes]) -> tuple[dict[str, frozenset[str]], dict[str, str | None]]:
    """Commit → the trees of its folders, and tree of a folder → content id; what many commits share is read once."""
    form = repository.object_format
    parents: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for commit, root in roots.items():
        inside = objects.tree_ids(root, form)
        parents[commit] = [inside[name] for name in PARENTS.values() if name in inside]
        kinds.update((inside[name], kind) for kind, name in PARENTS.items() if name in inside)
    listed = {tree: frozenset(objects.subtrees(data, form)) for tree, data in repository.blobs(kinds).items()}
    inner = {folder: kinds[tree] for tree, folders in listed.items() for folder in folders}
    known = {folder: content_id(data, inner[folder], form) for folder, data in repository.blobs(inner).items()}
    return {commit: frozenset().union(*(listed[tree] for tree in trees)) for commit, trees in parents.items()}, known


def _came(held: Mapping[str, frozenset[str]], known: Mapping[str, str | None], commit: str, parents: Sequence[str]) -> set[str]:
    """What came in with a commit: beside each parent, more folders have it than had it, so that a renamed folder brings nothing."""
    came: set[str] | None = None
    for parent in parents or [""]:
        before = held.get(parent, frozenset())
        new = [content for folder in held[commit] - before if (content := known.get(folder))]
        old = [content for folder in before - held[commit] if (content := known.get(folder))]
        here = {content for content in new if new.count(content) > old.count(content)}
        came = here if came is None else came & here
    return came or set()


def _lines(tips: Iterable[str]) -> bytes:
    return "".join(f"{tip}\n" for tip in dict.fromkeys(tips)).encode()

"""Commits of our making picked onto the branch by git, so that what clashes is a conflict of git's own."""

from collections.abc import Sequence

from amlgit.errors import Refused
from amlgit.store.merging import with_driver
from amlgit.store.repository import Repository

PICKED = "refs/worktree/amlgit-picked"
"""The last commit that git was asked to pick: as long as the pick is not finished, a gc may not take it."""


def refuse_unready(repository: Repository, head: str) -> None:
    """Raise Refused where a pick would stop for another reason than a conflict: no identity, staged changes, a key that does not sign."""
    if repository.identity() is None:
        raise Refused("git does not know who you are, and edits made here are to be merged", hint="Set user.name and user.email with 'git config'.")
    if repository.attempt("diff-index", "--cached", "--quiet", head).returncode != 0:
        raise Refused("there are staged changes, and edits made here are to be merged", hint="Commit or unstage them, then run this again.")
    if repository.attempt("config", "--type=bool", "--get", "commit.gpgSign").stdout.strip() != b"true":
        return
    signed = repository.attempt("commit-tree", "-S", "-m", "try to sign", f"{head}^{{tree}}")
    if signed.returncode != 0:
        said = signed.stderr.decode(errors="replace").strip()
        raise Refused(f"commits are to be signed, and that fails: {said}", hint="Mend that, or set commit.gpgSign to false.")


def pick(repository: Repository, head: str, commits: Sequence[str]) -> int:
    """Pick commits one after the other; gives how many are done. At the first that conflicts git stops, with the others in its list."""
    if repository.head() != head:
        raise Refused("the branch moved meanwhile", hint="Run this again.")
    repository.run("update-ref", PICKED, commits[-1])
    # a node that went there and one like it that was edited here are two nodes: only a file renamed as it is is the same file
    completed = repository.finish(*with_driver(), "cherry-pick", "-X", "find-renames=100%", "--allow-empty", *commits)
    if completed.returncode != 0 and b"could not apply" not in completed.stderr:
        said = completed.stderr.decode(errors="replace").strip() or completed.stdout.decode(errors="replace").strip()
        if _is_under_way(repository, head, commits):
            repository.attempt("cherry-pick", "--abort")
        raise Refused(f"git does not take the new versions: {said}", hint="Mend that and run this again; what was edited here is as it was.")
    if completed.returncode == 0:
        repository.run("update-ref", "-d", PICKED)
    return len(repository.text("rev-list", f"{head}..HEAD").split())


def _is_under_way(repository: Repository, head: str, commits: Sequence[str]) -> bool:
    """Whether it is our pick that stopped, and not one that somebody began meanwhile."""
    stopped = repository.resolve("CHERRY_PICK_HEAD")
    if stopped is not None:
        return stopped in commits
    start = repository.git_dir / "sequencer" / "head"
    return start.is_file() and start.read_text().strip() == head


def forget_finished(repository: Repository) -> None:
    """Let go of what was picked, once no pick is under way."""
    if repository.operation_in_progress() is None and repository.resolve(PICKED) is not None:
        repository.run("update-ref", "-d", PICKED)

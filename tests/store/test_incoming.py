"""New objects come in whole or not at all, and rely on nothing that git may throw away meanwhile."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from amlgit.errors import StorageFailed
from amlgit.store.incoming import Incoming, receive, sweep
from amlgit.store.objects import blob_id
from amlgit.store.repository import Repository, discover
from tests.support.commands import aml, git
from tests.support.exports import DAY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import chains, count, fsck, leftovers

WHO = "A Tester <tester@example.org> 1450000000 +0000"
REF = "refs/amlgit/archive/x"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _repository(tmp_path / "repository")


def _repository(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", *options)
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "first")
    (folder / ".git" / "amlgit").mkdir()
    return folder


def _packs(folder: Path, kind: str = "*") -> list[str]:
    return sorted(path.name for path in (folder / ".git" / "objects" / "pack").glob(f"*.{kind}"))


def _commit(stream: Incoming, files: dict[str, bytes], object_format: str = "sha1", *, ref: str = REF, parent: str | None = None) -> None:
    for data in files.values():
        stream.blob(data)
    changes: list[tuple[str, str, str | None]] = [(path, "100644", blob_id(data, object_format)) for path, data in files.items()]
    stream.commit(ref, author=WHO, committer=WHO, message="a version\n", parent=parent, changes=changes)


def _write(repository: Repository, files: dict[str, bytes], *, ref: str = REF) -> str:
    """All the way: in, the ref moved, swept."""
    with receive(repository) as stream:
        _commit(stream, files, repository.object_format, ref=ref)
        written = stream.finish()
    repository.update_refs([(ref, written[ref], repository.refs(ref).get(ref))])
    sweep(repository)
    return written[ref]


def test_what_was_written_is_there_once_the_ref_is_moved(folder: Path) -> None:
    repository = discover(folder, os.environ)
    commit = _write(repository, {"a/b": b"x", "c": b"\0\xff\r\n"})
    assert repository.blobs([f"{commit}:a/b", f"{commit}:c"]) == {f"{commit}:a/b": b"x", f"{commit}:c": b"\0\xff\r\n"}
    assert len(_packs(folder, "pack")) == 1
    assert leftovers(folder) == []
    fsck(folder)


def test_until_the_refs_are_moved_the_pack_is_kept(folder: Path) -> None:
    """`git gc --prune=now` at the worst moment, made to come at just that moment."""
    repository = discover(folder, os.environ)
    with receive(repository) as stream:
        _commit(stream, {"a": b"x"})
        git(folder, "gc", "--quiet", "--prune=now")
        tip = stream.finish()[REF]
    assert len(_packs(folder, "keep")) == 1
    git(folder, "gc", "--quiet", "--prune=now")
    repository.update_refs([(REF, tip, None)])
    git(folder, "gc", "--quiet", "--prune=now")
    sweep(repository)
    assert _packs(folder, "keep") == []
    git(folder, "gc", "--quiet", "--prune=now")
    assert repository.blobs([f"{REF}:a"]) == {f"{REF}:a": b"x"}
    fsck(folder)


def test_sha256_works_too(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "new", "--object-format=sha256")
    assert len(_write(discover(folder, os.environ), {"a": b"x"})) == 64
    fsck(folder)


@pytest.mark.parametrize("path", ["a b", " lead", "end ", 'q"', '"q', "back\\slash", "end\\", "tab\t", "new\nline", "ä", "\udcff", "-", "a:b", "'"])
def test_odd_paths_are_written_as_they_are(folder: Path, path: str) -> None:
    repository = discover(folder, os.environ)
    commit = _write(repository, {f"x/{path}": b"x"})
    assert list(repository.tree(commit)) == [f"x/{path}"]
    with receive(repository) as stream:
        stream.commit(REF, author=WHO, committer=WHO, message="gone\n", parent=commit, changes=[(f"x/{path}", "100644", None)])
        assert repository.tree(stream.finish()[REF]) == {}


def test_a_commits_message_is_kept_byte_for_byte(folder: Path) -> None:
    repository = discover(folder, os.environ)
    message = "ä 🎈: run 1\n\nfrom x\nM 100644 y\n# no comment\n\n\n"
    with receive(repository) as stream:
        stream.commit(REF, author=WHO, committer=WHO, message=message, parent=None, changes=[])
        tip = stream.finish()[REF]
    assert repository.run("cat-file", "commit", tip).decode().partition("\n\n")[2] == message


def test_nothing_written_is_nothing_brought_in(folder: Path) -> None:
    repository = discover(folder, os.environ)
    with receive(repository) as stream:
        assert stream.finish() == {}
    assert _packs(folder) == []
    assert not (repository.private_dir / "incoming").exists()


@pytest.mark.parametrize("nonsense", [b"nonsense\n", b"commit refs/heads/x\nnonsense\n", b"data 5\n", b"blob\ndata 99999999\nshort"])
def test_a_failing_stream_is_an_error_and_leaves_nothing(folder: Path, nonsense: bytes) -> None:
    repository = discover(folder, os.environ)
    with pytest.raises(StorageFailed, match="fast-import"):
        _write_nonsense(repository, nonsense)
    assert _packs(folder) == []
    assert not (repository.private_dir / "incoming").exists()
    assert repository.refs("refs/amlgit/") == {}
    fsck(folder)


def _write_nonsense(repository: Repository, nonsense: bytes) -> None:
    with receive(repository) as stream:
        _commit(stream, {"a": b"x"})
        stream.write(nonsense)
        for _ in range(2000):
            stream.blob(b"x" * 1000)
        stream.finish()


def test_a_tree_that_does_not_exist_is_an_error_that_says_so(folder: Path) -> None:
    repository = discover(folder, os.environ)
    with pytest.raises(StorageFailed, match="fatal:"):
        _write_dangling(repository)
    assert _packs(folder) == []


def _write_dangling(repository: Repository) -> None:
    with receive(repository) as stream:
        stream.commit(REF, author=WHO, committer=WHO, message="x\n", parent=None, changes=[("a", "040000", "1" * 40)])
        stream.finish()


def test_leaving_early_leaves_nothing(folder: Path) -> None:
    repository = discover(folder, os.environ)
    with pytest.raises(KeyboardInterrupt):
        _interrupted(repository)
    assert _packs(folder) == []
    assert not (repository.private_dir / "incoming").exists()


def _interrupted(repository: Repository) -> None:
    with receive(repository) as stream:
        _commit(stream, {"a": b"x"})
        raise KeyboardInterrupt


def test_sweep_clears_what_a_kill_left_and_keeps_what_others_keep(folder: Path) -> None:
    repository = discover(folder, os.environ)
    _write(repository, {"a": b"x"})
    packs = folder / ".git" / "objects" / "pack"
    (pack,) = packs.glob("*.pack")
    pack.with_suffix(".keep").write_bytes(b"amlgit\n")  # killed before the .keep was dropped
    half = packs / f"pack-{'1' * 40}.pack"
    half.write_bytes(pack.read_bytes())  # killed before the index was moved
    half.with_suffix(".keep").write_bytes(b"amlgit\n")
    only = packs / f"pack-{'2' * 40}.keep"
    only.write_bytes(b"amlgit\n")  # killed before the pack was moved
    others = packs / f"pack-{'3' * 40}.keep"
    others.write_text("fetch-pack 123 on here\n")
    (repository.private_dir / "incoming" / "objects").mkdir(parents=True)
    sweep(repository)
    assert pack.exists()
    assert _packs(folder, "keep") == [others.name]
    assert not half.exists()
    assert not (repository.private_dir / "incoming").exists()
    fsck(folder)


def test_sweep_clears_a_keep_file_that_a_kill_left_empty(folder: Path) -> None:
    """Opened and not yet written: git keeps the pack for ever, and nobody knows whose it is."""
    repository = discover(folder, os.environ)
    with receive(repository) as stream:
        _commit(stream, {"a": b"x"})
        stream.finish()
    (keep,) = (folder / ".git" / "objects" / "pack").glob("*.keep")
    assert keep.read_bytes(), "it must be moved in whole, as the packs are"
    sweep(repository)
    assert _packs(folder, "keep") == []


def test_sweep_clears_the_files_of_a_killed_move(folder: Path) -> None:
    repository = discover(folder, os.environ)
    for name in ("file", "index", "index.lock", ".held.json.amlgit-new"):
        (repository.private_dir / name).write_bytes(b"half")
    sweep(repository)
    assert [path.name for path in repository.private_dir.iterdir() if path.name != "lock"] == []


# --- borrowed garbage: objects that lie in a pack, and that no ref names any more


def _garbage(folder: Path, files: dict[str, bytes]) -> None:
    """Leave a version's objects unreferenced in a pack of their own."""
    repository = discover(folder, os.environ)
    _write(repository, files, ref="refs/heads/dropped")
    repository.run("update-ref", "-d", "refs/heads/dropped")


def _delete_packs_like_a_gc_that_began_before(folder: Path, listed: list[str]) -> None:
    """`git repack -d` lists the packs without .keep when it begins and deletes those by name when it ends, kept meanwhile or not."""
    for name in listed:
        for path in (folder / ".git" / "objects" / "pack").glob(f"{Path(name).stem}.*"):
            path.unlink()


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_borrowed_garbage_is_packed_anew(folder: Path, rounds: int) -> None:
    """However often the same version was pulled and dropped before: its pack must not come back under a name that gc is about to delete."""
    repository = discover(folder, os.environ)
    files = {f"experiment/nodes/{number}.json": b"%d\n" % number * 20 for number in range(20)}
    for _ in range(rounds):
        _garbage(folder, files)
    listed = _packs(folder, "pack")
    with receive(repository) as stream:
        _commit(stream, files)
        tip = stream.finish()[REF]
    repository.update_refs([(REF, tip, None)])
    _delete_packs_like_a_gc_that_began_before(folder, listed)
    sweep(repository)
    fsck(folder)
    assert len(repository.blobs(f"{REF}:{path}" for path in files)) == len(files)


def test_a_pack_that_a_gc_is_about_to_delete_does_not_come_back_under_its_name(folder: Path) -> None:
    """The same objects in the same order give the same pack; a repack that began before deletes it by its name."""
    repository = discover(folder, os.environ)
    files = {"a": b"x", "b": b"y"}
    with receive(repository) as stream:
        _commit(stream, files)
        stream.finish()
    (folder / ".git" / "objects" / "pack" / _packs(folder, "keep")[0]).unlink()
    listed = _packs(folder, "pack")
    for path in (folder / ".git" / "objects" / "pack").glob("*.idx"):
        path.rename(path.with_suffix(".hidden"))  # as for a fast-import that looked before that pack was there
    with receive(repository) as stream:
        _commit(stream, files)
        for _ in range(60):
            stream.write(b"# more than pipes and queues hold, so that fast-import has seen the commit\n" * 4000)
        for path in (folder / ".git" / "objects" / "pack").glob("*.hidden"):
            path.rename(path.with_suffix(".idx"))
        tip = stream.finish()[REF]
    repository.update_refs([(REF, tip, None)])
    _delete_packs_like_a_gc_that_began_before(folder, listed)
    sweep(repository)
    fsck(folder)
    assert len(repository.blobs(f"{REF}:{path}" for path in files)) == 2


def _fill(archive: Path, runs: range) -> None:
    for number in runs:
        for title, members in (("Trial", {}), ("Other", {"family": OTHER_FAMILY})):
            save(
                archive,
                f"{title}-{number}.json",
                experiment(title, created=T0 + number * DAY, fraction=f"0.{number}", run=number, **members),
            )


def _drop(repository: Path, head: str) -> None:
    """Undo a pull thoroughly, and leave its objects in a pack with everything else."""
    git(repository, "reset", "--quiet", "--hard", head)
    for name in chains(repository):
        git(repository, "update-ref", "-d", f"refs/amlgit/{name}")
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "repack", "-q", "-ad", "--keep-unreachable")


def test_a_dropped_pull_comes_again_while_gc_throws_it_away(tmp_path: Path) -> None:
    archive, repository = tmp_path / "archive", tmp_path / "repository"
    _fill(archive, range(1, 4))
    aml(tmp_path, "clone", "--archive", archive, repository).expect(0)
    expected, first, tip = chains(repository), git(repository, "rev-list", "--max-parents=0", "HEAD"), git(repository, "rev-parse", "HEAD")
    for _ in range(6):
        _drop(repository, first)
        gc = subprocess.Popen(["git", "gc", "--quiet", "--prune=now"], cwd=repository, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run = aml(repository, "pull")
        gc.wait()
        if run.code != 0:
            assert run.code == 4, run.err
            aml(repository, "pull").expect(0)  # gc took from under git what it read: said so, and nothing was changed
        fsck(repository)
        assert chains(repository) == expected
        assert git(repository, "rev-parse", "HEAD") == tip
        assert leftovers(repository) == []


def test_a_branch_of_garbage_beside_chains_that_stayed_is_packed_anew(tmp_path: Path) -> None:
    """Only the branch was dropped: its root and folder trees are garbage, what lies deeper belongs to the chains."""
    archive, repository = tmp_path / "archive", tmp_path / "repository"
    _fill(archive, range(1, 4))
    aml(tmp_path, "clone", "--archive", archive, repository).expect(0)
    first, tip = git(repository, "rev-list", "--max-parents=0", "HEAD"), git(repository, "rev-parse", "HEAD")
    git(repository, "reset", "--quiet", "--hard", first)
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "repack", "-q", "-ad", "--keep-unreachable")
    aml(repository, "pull").expect(0)
    assert git(repository, "rev-parse", "HEAD") == tip
    kept = git(repository, "rev-list", "--objects", "--all").splitlines()
    git(repository, "gc", "--quiet", "--prune=now")
    assert git(repository, "rev-list", "--objects", "--all").splitlines() == kept
    fsck(repository)
    assert count(repository) == 7


# --- repositories that lack or borrow objects themselves


@pytest.mark.parametrize("name", ["with space", '"quoted', "#comment", "ä", "line\nend"])
def test_objects_are_borrowed_from_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    folder = _repository(tmp_path / name)
    private = folder / ".git"
    repository = Repository(
        git_dir=private, common_dir=private, work_tree=folder, object_format="sha1", index_file=private / "index", environment=os.environ
    )
    with receive(repository) as stream:
        _commit(stream, {"a": b"x"}, parent=repository.head())
        tip = stream.finish()[REF]
    repository.update_refs([(REF, tip, None)])
    sweep(repository)
    fsck(folder)


def test_a_repository_that_itself_borrows_objects_works(folder: Path, tmp_path: Path) -> None:
    _write(discover(folder, os.environ), {"a": b"x"}, ref="refs/heads/side")
    git(tmp_path, "clone", "--quiet", "--shared", folder, "borrower")
    repository = discover(tmp_path / "borrower", os.environ)
    repository.private_dir.mkdir()
    head = repository.head()
    with receive(repository) as stream:
        _commit(stream, {"a": b"x", "b": b"y"}, parent=head)
        tip = stream.finish()[REF]
    repository.update_refs([(REF, tip, None)])
    sweep(repository)
    assert set(repository.tree(tip)) == {"a", "b"}
    fsck(tmp_path / "borrower")


def _receives_a_commit(clone: Path) -> None:
    repository = discover(clone, os.environ)
    repository.private_dir.mkdir()
    with receive(repository) as stream:
        _commit(stream, {"b": b"y"}, parent=repository.head())
        tip = stream.finish()[REF]
    repository.update_refs([(REF, tip, None)])
    sweep(repository)
    fsck(clone)


def test_a_shallow_clone_works(folder: Path, tmp_path: Path) -> None:
    for _ in range(3):
        git(folder, "commit", "--quiet", "--allow-empty", "-m", "more")
    git(tmp_path, "clone", "--quiet", "--depth=1", folder.as_uri(), "shallow")
    _receives_a_commit(tmp_path / "shallow")


def test_a_partial_clone_works_or_says_what_it_needs(folder: Path, tmp_path: Path) -> None:
    (folder / "big").write_bytes(b"x" * 1000)
    git(folder, "add", "big")
    git(folder, "commit", "--quiet", "-m", "big")
    git(folder, "rm", "--quiet", "big")
    git(folder, "commit", "--quiet", "-m", "small")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", folder.as_uri(), "partial")
    _receives_a_commit(tmp_path / "partial")


def test_a_folder_that_cannot_be_made_is_a_clear_error(folder: Path) -> None:
    repository = discover(folder, os.environ)
    (repository.private_dir / "incoming").write_text("a file where a folder must be")
    with pytest.raises(StorageFailed):
        _write(repository, {"a": b"x"})


def test_a_pack_folder_that_cannot_be_written_is_a_clear_error(folder: Path) -> None:
    repository = discover(folder, os.environ)
    packs = folder / ".git" / "objects" / "pack"
    shutil.rmtree(packs)
    packs.write_text("a file where a folder must be")
    with pytest.raises(StorageFailed):
        _write(repository, {"a": b"x"})
    packs.unlink()
    packs.mkdir()
    _write(repository, {"a": b"x"})
    fsck(folder)

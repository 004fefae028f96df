"""`anonymize` of a repository: the record, the history and everything beside them, in the same shape and with nothing of its owners."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.anonymous import OWN, anonymize, contents, key_of, owned
from tests.support.branches import FRACTION_3, SPLIT_NODE
from tests.support.branches import SCRIPT as SCRIPT_FILE
from tests.support.commands import OK, PARTLY, USAGE, Run, aml, clone, git, git_bytes, process
from tests.support.definitions import a_definition
from tests.support.exports import EXPORT_DATA, FAMILY, OTHER_FAMILY, PYTHON, SPLIT, T0, WORKSPACE, experiment, save
from tests.support.repositories import chains, commit_all, dirty, fsck, leftovers, objects, replace_in

SCRIPT = f"# {OWN}\r\ndef azureml_main(frame):\r\n    return frame['{OWN}'],\r\n"


def everything(repository: Path) -> bytes:
    """All that a repository holds: objects in every pack, and every file but the packs themselves."""
    files = (data for name, data in contents(repository).items() if "/objects/" not in f"/{name}")
    names = "\n".join(str(path.relative_to(repository)) for path in repository.rglob("*")).encode()
    refs = git_bytes(repository, "for-each-ref", "--format=%(refname) %(contents)")
    return b"\n".join([objects(repository), *files, names, refs, git_bytes(repository, "config", "--list", "--local")])


def edited(repository: Path, name: str, path: str, old: str, new: str) -> None:
    """A branch with one edit."""
    git(repository, "checkout", "--quiet", "-b", name)
    replace_in(repository / path, old, new)
    commit_all(repository, f"{OWN}: edit {path}\n\nBecause {OWN} said so.\n\nSigned-off-by: {OWN} Doe <{OWN}@example.org>\nTicket: {OWN}-12")


def lived_in(tmp_path: Path) -> Path:
    """A repository that people worked in: chains, branches, merges, tags, renamed folders, notes, files and people of their own."""
    archive = owned(tmp_path / "exports")
    save(archive, "trial.json", experiment(family="a" * 32, nodes=(PYTHON, SPLIT), script=SCRIPT, created=T0, title=f"{OWN}"))
    save(archive, f"{OWN} service 2017-05-01.json", _text(a_definition()))
    repository = clone(archive, tmp_path / "repository")
    git(repository, "config", "user.name", f"{OWN} Doe")
    git(repository, "config", "user.email", f"{OWN.lower()}@example.org")
    start = git(repository, "symbolic-ref", "--short", "HEAD")
    folder = f"experiments/{OWN}-aaaaaa"
    split = SPLIT_NODE.replace("Trial", OWN)
    edited(repository, f"{OWN}/one", split, *FRACTION_3[1:])
    git(repository, "checkout", "--quiet", start)
    edited(repository, f"{OWN}-two", SCRIPT_FILE.replace("Trial", OWN), f"# {OWN}", f"# {OWN} and another")
    git(repository, "merge", "--quiet", "--no-edit", f"{OWN}/one")
    (repository / f"{OWN}.md").write_text(OWN)
    (repository / folder / f"{OWN}.txt").write_text(OWN)
    (repository / "experiments" / "README").write_text(OWN)
    git(repository, "mv", folder, f"experiments/of {OWN}")
    with (repository / ".amlgit").open("a") as opened:
        opened.write(
            f'skip = ["{OTHER_FAMILY}"]\n\n[remotes.{OWN}-prod]\nkind = "studio"\nworkspace = "{WORKSPACE}"\nurl = "https://{OWN}.example.org"\n'
        )
        opened.write(f'\n[risks.{OWN}]\nwhy = "{OWN}"\nclass = "script"\n')
    with (repository / ".gitattributes").open("a") as opened:
        opened.write(f"{OWN}.md text\n")
    commit_all(repository, f"of {OWN}")
    git(repository, "checkout", "--quiet", start)
    git(repository, "merge", "--quiet", "--no-ff", "-m", f"Merge branch '{OWN}-two'", f"{OWN}-two")
    aml(repository, "tag", "v1.0").expect(OK)
    git(repository, "tag", "-a", f"{OWN}-release", "-m", f"for {OWN}", "HEAD~1")
    git(repository, "tag", f"{OWN}-light")
    git(repository, "tag", f"{OWN}-tree", "HEAD^{tree}")
    git(repository, "notes", "add", "-m", OWN)
    git(repository, "checkout", "--quiet", "--orphan", f"{OWN}-orphan")
    git(repository, "rm", "-rqf", ".")
    (repository / "other").write_text(OWN)
    commit_all(repository, OWN)
    git(repository, "checkout", "--quiet", start)
    return repository


def _text(document: object) -> bytes:
    return json.dumps(document).encode()


def graph(repository: Path) -> list[tuple[str, ...]]:
    """The shape of all branches: every commit with its dates and parents, by their places in a fixed order."""
    lines = git(repository, "log", "--branches", "--tags", "--topo-order", "--format=%H %at %ct %P").splitlines()
    places = {line.split()[0]: str(number) for number, line in enumerate(lines)}
    return [tuple(places.get(word, word) for word in line.split()[1:]) for line in lines]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A repository and its anonymous copy."""
    place = tmp_path_factory.mktemp("pair")
    repository = lived_in(place)
    report = anonymize(repository, place / "new", "--key-file", key_of(place))
    assert OWN not in report.out
    return repository, place / "new"


def test_nothing_of_its_owners_is_in_any_object_ref_or_file(pair: tuple[Path, Path]) -> None:
    old, new = pair
    assert OWN.encode() in everything(old)
    found = everything(new).lower()
    for own in (OWN, WORKSPACE, FAMILY, OTHER_FAMILY, "jane.doe", "example.org", str(old), str(new)):
        assert own.lower().encode() not in found, own


def test_its_commit_ids_are_nowhere(pair: tuple[Path, Path]) -> None:
    """An id of an original could prove a guess; the ids of what has no owner are the same."""
    old, new = pair
    ids = {name: set(git(name, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()) for name in pair}
    shared = ids[old] & ids[new]
    kinds = git(new, "cat-file", "--batch-check=%(objecttype)", stdin="\n".join(shared).encode()).split()
    assert "commit" not in kinds
    assert "tag" not in kinds
    named = set(re.findall(rb"[0-9a-f]{40}", b"\n".join(data for name, data in contents(new).items() if name.endswith("sync.json"))))
    assert named
    assert not {name.decode() for name in named} & ids[old]


def test_the_history_has_the_same_shape(pair: tuple[Path, Path]) -> None:
    old, new = pair
    assert graph(new) == graph(old)
    assert {line.count(" ") for line in git(new, "log", "--all", "--format=%P").splitlines()} >= {0, 1}
    for kind in ("refs/heads", "refs/amlgit"):
        assert len(git(new, "for-each-ref", kind).splitlines()) == len(git(old, "for-each-ref", kind).splitlines())
    assert len(git(new, "tag").splitlines()) == 3
    assert "v1.0" in git(new, "tag").splitlines()
    assert git(new, "rev-parse", "--abbrev-ref", "HEAD") == git(old, "rev-parse", "--abbrev-ref", "HEAD")


def test_the_copy_is_sound_and_its_commands_work(pair: tuple[Path, Path]) -> None:
    old, new = pair
    fsck(new)
    assert dirty(new) == []
    assert leftovers(new) == []
    assert {path.name for path in (new / ".git").iterdir()} == {"HEAD", "amlgit", "config", "index", "info", "logs", "objects", "refs"}
    assert [path.name for path in (new / ".git" / "amlgit").iterdir()] == ["lock"]
    assert aml(new, "check").code == aml(old, "check").code
    title = next(path.name for path in sorted((new / "experiments").iterdir()))
    aml(new, "show", f"{title}").expect(OK)
    aml(new, "export", f"{title}@1").expect(OK)
    aml(new, "diff", "HEAD~1").expect(OK)


def test_each_version_and_each_commit_changed_what_it_did(pair: tuple[Path, Path]) -> None:
    told = []
    for repository in pair:
        versions = aml(repository, "log", "--json", "--changes").expect(OK).json["result"]["versions"]
        commits = git(repository, "log", "--no-merges", "--topo-order", "--format=%H", "HEAD~2..HEAD", "--", "experiments").split()
        diffs = [_classes(aml(repository, "diff", "--json", f"{commit}^", commit).expect(OK)) for commit in commits]
        told.append((Counter(str(version["counts"]) for version in versions), diffs))
    assert told[0] == told[1]
    assert sum(map(len, told[0][1])) > 2


def _classes(run: Run) -> Counter[str]:
    return Counter(re.findall(r'"class": "\w+"|"kind": "\w+"', run.out))


def test_versions_are_found_again_by_what_folders_hold(pair: tuple[Path, Path]) -> None:
    """What a folder is a version of does not depend on names: status and map say the same in the copy."""
    old, new = pair
    said = [Counter(re.sub(r"^.*?: ", "", line) for line in aml(repository, "status").out.splitlines()) for repository in (old, new)]
    assert said[0] == said[1]
    mapped = [aml(repository, "map", "--json", "v1.0").json["result"] for repository in pair]
    assert json.dumps(mapped[0]).count("number") == json.dumps(mapped[1]).count("number") > 0


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    repository = lived_in(tmp_path)
    report = anonymize(repository, tmp_path / "new", "-n", "--json").json["result"]
    assert [problem["name"] for problem in report["left_out"]] == sorted(
        [
            ".amlgit: [risks]",
            f"{OWN}.md",
            f"experiments/of {OWN}/{OWN}.txt",
            "experiments/README",
            "other",
            "refs/notes/*",
            f"tag {OWN}-tree",
        ]
    )
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kept", [(), ("--keep", "titles", "--keep", "columns"), ("--keep", "texts", "--keep", "scripts")])
def test_the_chains_are_those_of_a_clone_of_the_anonymous_archive(tmp_path: Path, kept: Sequence[str]) -> None:
    key = key_of(tmp_path)
    archive = owned(tmp_path / "exports")
    for number in range(3):  # of one second: in order of what they hold, which is another order afterwards
        secret = f"AccountKey=c2hvcnQgYnV0IGEga2V5{number};"
        tie = experiment("Ties", family="b" * 32, created=T0, password=f"s3cr3t{number}", summary=f"{number}, {secret}", nodes=(PYTHON, EXPORT_DATA))
        save(archive, f"ties/{number}.json", tie)
    save(archive, f"{OWN} service 2017-05-01.json", _text(a_definition()))
    anonymize(clone(archive, tmp_path / "one"), tmp_path / "one new", "--key-file", key, *kept)
    anonymize(archive, tmp_path / "exports new", "--key-file", key, *kept)
    two = clone(tmp_path / "exports new", tmp_path / "two")
    assert chains(tmp_path / "one new") == chains(two)
    assert len(chains(two)) == 4
    for secret in ("s3cr3t", "c2hvcnQ"):
        assert secret.encode() not in b"".join(contents(tmp_path / "exports new").values()) + everything(tmp_path / "one new")
    assert {path.name for path in two.glob("experiments/*")} == {path.name for path in (tmp_path / "one new").glob("experiments/*")}


@pytest.mark.skipif("AMLGIT_CORPUS" not in os.environ, reason="AMLGIT_CORPUS is not set: no real files to test against")
def test_the_chains_of_real_files_are_too(tmp_path: Path) -> None:
    source, key = Path(os.environ["AMLGIT_CORPUS"]), key_of(tmp_path)
    anonymize(clone(source, tmp_path / "one", code=PARTLY), tmp_path / "one new", "--key-file", key)
    anonymize(source, tmp_path / "exports", "--key-file", key, code=PARTLY)
    two = clone(tmp_path / "exports", tmp_path / "two")
    assert chains(tmp_path / "one new") == chains(two)
    trees = [git(repository, "ls-tree", "HEAD", "experiments", "webservices") for repository in (tmp_path / "one new", two)]
    assert trees[0] == trees[1]


def test_a_repository_of_sha256_stays_one(tmp_path: Path) -> None:
    archive = owned(tmp_path / "exports")
    repository = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "repository")
    aml(repository, "init").expect(OK)
    commit_all(repository)
    aml(repository, "remote", "add", "exports", "--archive", archive).expect(OK)
    aml(repository, "pull", "exports").expect(OK)
    anonymize(repository, tmp_path / "new")
    fsck(tmp_path / "new")
    assert git(tmp_path / "new", "rev-parse", "--show-object-format") == "sha256"
    assert graph(tmp_path / "new") == graph(repository)
    assert OWN.lower().encode() not in everything(tmp_path / "new").lower()


def test_the_repository_around_is_the_source_and_a_bare_one_has_no_files(tmp_path: Path) -> None:
    repository = clone(owned(tmp_path / "exports"), tmp_path / "repository")
    aml(repository / "experiments", "anonymize", tmp_path / "one").expect(OK)
    git(tmp_path, "clone", "--quiet", "--mirror", "repository", "bare")
    anonymize(tmp_path / "bare", tmp_path / "two")
    assert graph(tmp_path / "one") == graph(tmp_path / "two")
    assert len(chains(tmp_path / "two")) == len(chains(repository))
    assert git(tmp_path / "two", "rev-parse", "--is-bare-repository") == "true"


def test_a_state_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    repository = clone(owned(tmp_path / "exports"), tmp_path / "repository")
    (page,) = repository.glob(f"experiments/{OWN} sales*/experiment.json")
    before = page.read_bytes()
    page.write_bytes(b"<<<<<<< ours\n" + OWN.encode() + b"\n>>>>>>> theirs\n")
    commit_all(repository)
    page.write_bytes(before)
    (page.parent / "sync.json").write_text("{")
    commit_all(repository)
    said = anonymize(repository, tmp_path / "new", code=PARTLY)
    assert "conflict markers" in said.err
    assert "sync.json" in said.err
    assert graph(tmp_path / "new") == graph(repository)
    assert OWN.lower().encode() not in everything(tmp_path / "new").lower()
    fsck(tmp_path / "new")


def test_an_empty_repository_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "repository")
    anonymize(tmp_path / "repository", tmp_path / "new", code=USAGE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["repository"]


def test_the_maker_leaves_no_trace(tmp_path: Path) -> None:
    """Not by git's own configuration, templates, environment or reflogs."""
    repository = clone(owned(tmp_path / "exports"), tmp_path / "repository")
    home = tmp_path / "home"
    (home / "template" / "hooks").mkdir(parents=True)
    (home / "template" / "hooks" / "post-checkout").write_text(f"#!/bin/sh\necho {OWN}\n")
    (home / ".gitconfig").write_text(f"[user]\nname = {OWN}\nemail = {OWN}@x\n[init]\ntemplateDir = {home}/template\n[commit]\ngpgSign = true\n")
    people = {f"GIT_{role}_{what}": f"{OWN}@x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    said = process(tmp_path, "anonymize", repository, "new", HOME=str(home), GIT_CONFIG_GLOBAL=str(home / ".gitconfig"), **people)
    assert said.code == OK, said.err
    assert OWN.lower().encode() not in everything(tmp_path / "new").lower()


@pytest.mark.parametrize("turn", [1, 3, 12, 40])
def test_killed_at_any_moment_the_copy_is_not_there_and_the_next_run_makes_it(tmp_path: Path, turn: int) -> None:
    repository, key = clone(owned(tmp_path / "exports"), tmp_path / "repository"), key_of(tmp_path)
    command = [sys.executable, "-m", "amlgit", "anonymize", "--key-file", str(key), str(repository), str(tmp_path / "new")]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        killed.wait(0.02 * turn)
    except subprocess.TimeoutExpired:
        killed.kill()
        killed.wait()
    if (tmp_path / "new").exists():
        fsck(tmp_path / "new")
    else:
        anonymize(repository, tmp_path / "new", "--key-file", key)
    anonymize(repository, tmp_path / "other", "--key-file", key)
    assert chains(tmp_path / "new") == chains(tmp_path / "other")
    assert git(tmp_path / "new", "rev-parse", "HEAD") == git(tmp_path / "other", "rev-parse", "HEAD")
    assert not list(tmp_path.glob(".*amlgit-new*"))


@pytest.mark.parametrize("encoding", ["utf-16", "idna", "unicode_escape", "undefined", "rot13", "no such"])
def test_a_commit_may_name_any_encoding(tmp_path: Path, encoding: str) -> None:
    repository = clone(owned(tmp_path / "exports"), tmp_path / "repository")
    git(repository, "-c", f"i18n.commitEncoding={encoding}", "commit", "--quiet", "--allow-empty", "-m", rf"{OWN} \ud800")
    anonymize(repository, tmp_path / "copy")
    assert OWN.encode() not in everything(tmp_path / "copy")
    assert git(tmp_path / "copy", "rev-list", "--count", "HEAD") == git(repository, "rev-list", "--count", "HEAD")


def test_an_encoding_that_git_writes_is_read(tmp_path: Path) -> None:
    repository = clone(owned(tmp_path / "exports"), tmp_path / "repository")
    (tmp_path / "message").write_bytes("été".encode("latin-1"))
    git(repository, "-c", "i18n.commitEncoding=latin1", "commit", "--quiet", "--allow-empty", "-F", tmp_path / "message")
    anonymize(repository, tmp_path / "copy", "--keep", "texts")
    assert git(tmp_path / "copy", "log", "-1", "--format=%s") == "été"


def test_names_and_zones_that_git_takes_are_no_obstacle(tmp_path: Path) -> None:
    repository = clone(owned(tmp_path / "exports"), tmp_path / "repository")
    start = git(repository, "symbolic-ref", "--short", "HEAD")
    people = f"author {OWN} <a@b> 1700000000 +9959\ncommitter {OWN} <a@b> 1700000000 +051800\n"
    text = f"tree {git(repository, 'rev-parse', 'HEAD^{tree}')}\nparent {git(repository, 'rev-parse', 'HEAD')}\n{people}\n{OWN}\n"
    command = ["git", "hash-object", "--literally", "-t", "commit", "-w", "--stdin"]
    made = subprocess.run(command, input=text.encode(), cwd=repository, capture_output=True, check=True)
    git(repository, "update-ref", f"refs/heads/{start}", made.stdout.decode().strip())
    for name in (f"{OWN}\u2028x".encode(), OWN.encode() + b"\xff"):
        for kind in (b"heads", b"tags"):
            subprocess.run([b"git", b"update-ref", b"refs/" + kind + b"/" + name, b"HEAD"], cwd=repository, check=True)
    anonymize(repository, tmp_path / "copy", "--mapping", tmp_path / "mapping")
    assert OWN.encode() not in everything(tmp_path / "copy")
    assert len(git(tmp_path / "copy", "for-each-ref", "refs/heads", "refs/tags").split("\n")) == 5
    assert json.loads((tmp_path / "mapping").read_bytes())["mapping"] == "amlgit anonymize"

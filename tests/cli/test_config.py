"""`.amlgit`: what it takes, what it says about what it does not take, and that edits leave a person's text alone."""

import re
from pathlib import Path

import pytest

from amlgit.config import Remote, add_decisions, add_remote, add_skip, load, remove_remote
from amlgit.errors import UsageError
from amlgit.keys import BY_NAME, KINDS
from tests.support.commands import OK, USAGE, aml, clone, git
from tests.support.exports import experiment, save
from tests.support.repositories import commit_all, dirty

_TWO = """\
# what this repository is for
form = 1

[remotes.old]  # the first years
kind = "archive"
path = "../old exports"  # on the shared disk
skip = [
  "0123",  # a trial nobody misses
]

# the rest
[remotes.new]
path = "/srv/new.zip"
file_times = true

[secrets]
allow = ["00ff"]
"""


def _write(root: Path, text: str, name: str = ".amlgit") -> Path:
    (root / name).write_text(text, encoding="utf-8")
    return root


def _message(root: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load(root)
    return f"{caught.value} | {caught.value.hint}"


def test_a_repository_without_a_configuration_has_no_remotes(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert not settings.remotes
    assert not settings.allow
    assert {value.key: value.origin for value in settings.values} == {"form": "default", "secrets.allow": "default", "secrets.replace": "default"}


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = load(_write(tmp_path, _TWO))
    assert settings.remotes["old"] == Remote(name="old", kind="archive", path="../old exports", skip=("0123",))
    assert settings.remotes["new"] == Remote(name="new", kind="archive", path="/srv/new.zip", file_times=True)
    assert settings.allow == {"00ff"}


def test_a_relative_path_starts_at_the_top_folder_and_a_tilde_at_home(tmp_path: Path, isolated: Path) -> None:
    settings = load(_write(tmp_path, "[remotes.a]\npath = '../x'\n[remotes.b]\npath = '~/y'\n[remotes.c]\npath = '/z'\n"))
    places = {name: remote.archive_path(tmp_path) for name, remote in settings.remotes.items()}
    assert places == {"a": tmp_path / "../x", "b": isolated / "y", "c": Path("/z")}


def test_the_local_file_overrides_value_by_value_and_says_so(tmp_path: Path) -> None:
    _write(_write(tmp_path, _TWO), "[remotes.old]\npath = '/mnt/here'\n", ".amlgit.local")
    settings = load(tmp_path)
    assert settings.remotes["old"].path == "/mnt/here"
    assert settings.remotes["old"].skip == ("0123",)
    origins = {value.key: value.origin for value in settings.values}
    assert origins["remotes.old.path"] == ".amlgit.local"
    assert origins["remotes.old.skip"] == ".amlgit"
    assert origins["remotes.old.file_times"] == "default"


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[remotes.a]\npath = 'x'\nskipp = []\n", "remotes.a.skipp", "remotes.a.skip"),
        ("[remotes.a]\npth = 'x'\n", "remotes.a.pth", "remotes.a.path"),
        ("[secret]\nallow = []\n", "secret", "secrets"),
        ("[secrets]\nalow = []\n", "secrets.alow", "secrets.allow"),
        ("from = 1\n", "from", "form"),
        ("[remote.a]\npath = 'x'\n", "remote", "remotes"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(tmp_path: Path, text: str, key: str, nearest: str) -> None:
    message = _message(_write(tmp_path, text))
    assert f"unknown key '{key}'" in message
    assert f"'{nearest}'" in message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("form = '1'\n", "form"),
        ("[remotes.a]\npath = 5\n", "remotes.a.path"),
        ("[remotes.a]\npath = 'x'\nskip = 'y'\n", "remotes.a.skip"),
        ("[remotes.a]\npath = 'x'\nskip = [1]\n", "remotes.a.skip"),
        ("[remotes.a]\npath = 'x'\nfile_times = 1\n", "remotes.a.file_times"),
        ("[remotes.a]\npath = {a = 1}\n", "remotes.a.path"),
        ("[secrets]\nallow = {}\n", "secrets.allow"),
        ("remotes = 5\n", "remotes"),
        ("remotes.a = 'exports'\n", "remotes.a"),
        ("secrets = ['x']\n", "secrets"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_as_such(tmp_path: Path, text: str, key: str) -> None:
    message = _message(_write(tmp_path, text))
    assert f"{key} = " in message
    assert "wrong type" in message


def test_a_later_form_is_refused(tmp_path: Path) -> None:
    assert "form = 2" in _message(_write(tmp_path, "form = 2\n"))


@pytest.mark.parametrize("text", ["form = ", "[remotes.a\n", "form = 1\nform = 1\n", "\ufeffform = 1\n"])
def test_what_is_no_toml_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    assert re.match(r"\.amlgit: no TOML at (its end|line [12] column [0-9]+): [a-z]", _message(_write(tmp_path, text)))


def test_what_is_no_utf_8_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / ".amlgit").write_bytes(b"form = 1 # \xff\n")
    assert _message(tmp_path).startswith(".amlgit: not UTF-8 at byte 11")


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".amlgit").mkdir()
    assert ".amlgit" in _message(tmp_path)


def test_a_remote_without_a_path_and_one_of_an_unknown_kind_are_errors(tmp_path: Path) -> None:
    assert "no 'path'" in _message(_write(tmp_path, "[remotes.a]\nkind = 'archive'\n"))
    assert "'ftp'" in _message(_write(tmp_path, "[remotes.a]\nkind = 'ftp'\npath = 'x'\n"))


@pytest.mark.parametrize("name", ["a b", "a/b", "-a", "", "a" * 64, "ä"])
def test_a_remotes_name_is_checked_in_the_file_too(tmp_path: Path, name: str) -> None:
    message = _message(_write(tmp_path, f"[remotes.'{name}']\npath = 'x'\n"))
    assert "can't be a remote's name" in message


@pytest.mark.parametrize("name", ["../x", "a.lock", "."])
def test_a_remotes_name_with_a_dot_is_an_error(tmp_path: Path, name: str) -> None:
    assert name in _message(_write(tmp_path, f"[remotes.'{name}']\npath = 'x'\n"))


def test_comments_and_layout_survive_every_edit(tmp_path: Path) -> None:
    _write(tmp_path, _TWO)
    add_skip(tmp_path, "old", ["4567", "0123"])
    add_skip(tmp_path, "new", ["89ab"])
    add_decisions(tmp_path, "allow", ["11ee"])
    add_decisions(tmp_path, "replace", ["a/b/c"])
    add_remote(tmp_path, Remote(name="third", kind="archive", path="z"))
    text = (tmp_path / ".amlgit").read_text(encoding="utf-8")
    for comment in ("# what this repository is for", "# the first years", "# on the shared disk", "# a trial nobody misses", "# the rest"):
        assert comment in text
    settings = load(tmp_path)
    assert settings.remotes["old"].skip == ("0123", "4567")
    assert settings.remotes["new"].skip == ("89ab",)
    assert settings.allow == {"00ff", "11ee"}
    assert settings.replace == {"a/b/c"}
    assert settings.remotes["third"].path == "z"
    remove_remote(tmp_path, "third")
    remove_remote(tmp_path, "new")
    text = (tmp_path / ".amlgit").read_text(encoding="utf-8")
    assert "# the first years" in text
    assert list(load(tmp_path).remotes) == ["old"]


def test_the_last_remote_can_be_removed(tmp_path: Path) -> None:
    add_remote(_write(tmp_path, "form = 1\n"), Remote(name="a", kind="archive", path="z"))
    remove_remote(tmp_path, "a")
    assert not load(tmp_path).remotes
    assert (tmp_path / ".amlgit").read_text(encoding="utf-8").startswith("form = 1\n")


def test_a_file_with_crlf_keeps_them(tmp_path: Path) -> None:
    (tmp_path / ".amlgit").write_bytes(b"form = 1\r\n# mine\r\n")
    add_remote(tmp_path, Remote(name="a", kind="archive", path="z"))
    assert (tmp_path / ".amlgit").read_bytes().startswith(b"form = 1\r\n# mine\r\n")


def test_adding_a_remote_twice_and_removing_an_unknown_one_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, _TWO)
    with pytest.raises(UsageError, match="old"):
        add_remote(tmp_path, Remote(name="old", kind="archive", path="z"))
    with pytest.raises(UsageError, match="known: new, old"):
        remove_remote(tmp_path, "older")
    assert (tmp_path / ".amlgit").read_text(encoding="utf-8") == _TWO


# --- on the command line


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    save(tmp_path / "exports", "one.json", experiment())
    return clone(tmp_path / "exports", tmp_path / "repository")


def test_config_shows_each_value_with_the_file_it_comes_from(repository: Path) -> None:
    _write(repository, "[remotes.archive]\nfile_times = true\n", ".amlgit.local")
    lines = aml(repository, "config").expect(OK).out.splitlines()
    assert ".amlgit        form = 1" in lines
    assert ".amlgit        remotes.archive.path = ../exports" in lines
    assert ".amlgit.local  remotes.archive.file_times = true" in lines
    assert "default        remotes.archive.skip = []" in lines
    values = aml(repository, "config", "--json").expect(OK).json["result"]["values"]
    assert {"key": "remotes.archive.path", "value": "../exports", "origin": ".amlgit"} in values


def test_git_ignores_the_local_file(repository: Path) -> None:
    _write(repository, "[remotes.archive]\npath = '/mnt/here'\n", ".amlgit.local")
    assert dirty(repository) == []


def test_git_ignores_the_local_file_in_a_second_members_clone(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", repository, "second")
    aml(tmp_path / "second", "install").expect(OK)
    _write(tmp_path / "second", "[remotes.archive]\npath = '/mnt/here'\n", ".amlgit.local")
    assert dirty(tmp_path / "second") == []


def test_a_broken_configuration_stops_every_verb_that_needs_it_with_one_message(repository: Path) -> None:
    _write(repository, "[remotes.archive]\npath = '../exports'\nskipp = []\n")
    for verb in (["pull"], ["fetch"], ["config"], ["remote", "list"], ["push", "--record"]):
        said = aml(repository, *verb).expect(USAGE).err
        assert ".amlgit: unknown key 'remotes.archive.skipp'" in said
        assert "remotes.archive.skip" in said


def test_every_key_is_told_and_stands_in_the_example_and_its_own_example_is_taken(tmp_path: Path) -> None:
    told = aml(tmp_path, "config", "--keys").expect(OK).out  # no repository is needed
    entries = {entry["name"]: entry for entry in aml(tmp_path, "config", "--keys", "--json").expect(OK).json["result"]["keys"]}
    assert list(entries) == list(BY_NAME)
    example = (Path(__file__).parents[2] / ".amlgit.example").read_text(encoding="utf-8")
    for name, key in BY_NAME.items():
        assert f"{name} ({key.type_name}" in told
        assert f"\n    {key.says}\n" in told
        assert f"{name.rpartition('.')[2]} = " in example
    load(_write(tmp_path, example))
    apart = ({"path"}, {"kind", "workspace", "location"}, {"kind", "workspace", "url"})  # what can't stand in one table
    anywhere = {leaf for name in BY_NAME if (leaf := name.removeprefix("remotes.*.")) != name}.difference(*apart)
    lines = [key.name.replace("*", "a") + " = " + key.in_toml(key.example) for key in BY_NAME.values() if "remotes" not in key.name]
    for number, some in enumerate(apart):
        for leaf in sorted(some | anywhere):
            value = "studio" if leaf == "kind" else BY_NAME[f"remotes.*.{leaf}"].example
            lines.append(f"remotes.n{number}.{leaf} = {BY_NAME[f'remotes.*.{leaf}'].in_toml(value)}")
    settings = load(_write(tmp_path, "\n".join(lines)))
    assert {remote.kind for remote in settings.remotes.values()} == set(KINDS)


def test_a_wrong_type_is_told_with_the_right_one(tmp_path: Path) -> None:
    assert "array of strings" in _message(_write(tmp_path, "[secrets]\nallow = 'x'\n"))


@pytest.mark.parametrize("name", ["a b", "a/b", "../x", "a..b", "", "a" * 64, "ä"])
def test_remote_add_refuses_a_name_that_no_ref_can_have(repository: Path, name: str) -> None:
    before = (repository / ".amlgit").read_bytes()
    assert "can't be a remote's name" in aml(repository, "remote", "add", "--archive", "../exports", "--", name).expect(USAGE).err
    assert (repository / ".amlgit").read_bytes() == before


def test_remote_add_takes_its_path_from_where_it_runs_and_notes_it_from_the_top(repository: Path, tmp_path: Path) -> None:
    save(tmp_path / "more exports", "two.json", experiment())
    aml(repository / "experiments", "remote", "add", "more", "--archive", "../../more exports").expect(OK)
    assert load(repository).remotes["more"].path == "../more exports"
    assert aml(repository, "remote", "list").expect(OK).out == "archive\tarchive\t../exports\nmore\tarchive\t../more exports\n"
    aml(repository, "remote", "remove", "more").expect(OK)
    assert list(load(repository).remotes) == ["archive"]


def test_remote_add_of_an_archive_that_is_not_there_is_refused(repository: Path) -> None:
    assert "there is no archive at" in aml(repository, "remote", "add", "more", "--archive", "../nowhere").expect(USAGE).err
    assert list(load(repository).remotes) == ["archive"]


def test_a_decision_in_the_committed_file_reaches_the_second_member(repository: Path, tmp_path: Path) -> None:
    add_decisions(repository, "allow", ["ab" * 16])
    commit_all(repository)
    git(tmp_path, "clone", "--quiet", repository, "second")
    assert load(tmp_path / "second").allow == {"ab" * 16}

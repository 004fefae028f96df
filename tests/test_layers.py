"""The arrows of the house (docs/architecture.md), read off the source: who imports whom, functions' own imports included."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

import amlgit

ROOT = Path(amlgit.__file__).parent

ARROWS: Mapping[str, frozenset[str]] = {
    "errors": frozenset(),
    "model": frozenset({"errors"}),
    "form": frozenset({"model", "errors"}),
    "compare": frozenset({"form", "model", "errors"}),
    "config": frozenset({"errors", "keys"}),
    "keys": frozenset(),
    "review": frozenset({"compare", "form", "model", "errors"}),
    "remotes": frozenset({"compare", "form", "model", "errors", "version"}),
    "store": frozenset({"compare", "form", "model", "errors", "config"}),
    "workflows": frozenset({"review", "remotes", "store", "compare", "form", "model", "errors", "config", "samples"}),
    "cli": frozenset(
        {"workflows", "review", "remotes", "store", "compare", "form", "model", "errors", "config", "keys", "samples", "emulator", "version"}
    ),
    "samples": frozenset(),
    "emulator": frozenset(),
    "__main__": frozenset({"cli"}),
    "version": frozenset(),
}
"""Package or module → what it may import of ours besides itself."""

THIRD_PARTIES: Mapping[str, frozenset[str]] = {
    "model": frozenset({"msgspec"}),
    "form": frozenset({"defusedxml"}),
    "compare": frozenset({"deepdiff", "jsonpatch"}),
    "review": frozenset({"jinja2", "rich"}),
    "store": frozenset({"filelock", "git"}),
    "remotes": frozenset({"requests"}),
    "config": frozenset({"tomlkit"}),
    "cli": frozenset({"click", "rich", "msgspec"}),
    "emulator": frozenset({"defusedxml", "filelock", "httptools", "starlette", "trustme", "uvicorn"}),
}
"""What each alone may import from others; all else imports the standard library and us."""

PURE = frozenset({"model", "form", "compare", "review"})
IMPURE = frozenset(
    {
        *("asyncio", "datetime", "getpass", "glob", "http", "importlib", "io", "locale", "logging", "multiprocessing", "os", "pathlib"),
        *("platform", "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile"),
        *("threading", "time", "urllib.request", "uuid", "webbrowser", "zipfile"),
    }
)
"""Files, networks, clocks, environments, randomness: what pure packages know nothing of."""

BUILTINS = frozenset({"open", "print", "input", "__import__", "exec", "eval"})


class Import(NamedTuple):
    file: str
    line: int
    owner: str
    """The package or module of ours that imports."""
    name: str
    """What is imported, dotted."""


def _owner(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return "version" if first == "__init__" else first


def _imports(path: Path, tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(str(path.relative_to(ROOT.parent)), node.lineno, _owner(path), name)


def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_bytes(), str(path)) for path in sorted(ROOT.rglob("*.py"))}


TREES = _trees()
IMPORTS = [each for path, tree in TREES.items() for each in _imports(path, tree)]


def _ours(name: str) -> str | None:
    """The package or module of ours that a dotted name is of."""
    first, _, rest = name.partition(".")
    if first != "amlgit":
        return None
    part = rest.partition(".")[0]
    return part if part in ARROWS or (ROOT / part).is_dir() or (ROOT / f"{part}.py").is_file() else "version"


def test_every_package_has_its_place_in_the_house() -> None:
    owners = {_owner(path) for path in TREES}
    assert owners <= ARROWS.keys()
    assert {"model", "form", "store", "remotes", "workflows", "cli"} <= owners


def test_imports_follow_the_arrows() -> None:
    wrong = [each for each in IMPORTS if (ours := _ours(each.name)) is not None and ours != each.owner and ours not in ARROWS[each.owner]]
    assert wrong == []


def test_the_parts_of_workflows_are_used_one_way() -> None:
    """Folders beside the verbs: none imports another that imports it, over however many steps."""
    uses: dict[str, set[str]] = {}
    for each in IMPORTS:
        part, name = Path(each.file).parts[2:-1], each.name.split(".")
        if each.owner == "workflows" and part and name[:2] == ["amlgit", "workflows"] and (ROOT / "workflows" / name[2]).is_dir():
            uses.setdefault(part[0], set()).add(name[2])
    uses = {part: used - {part} for part, used in uses.items()}
    assert uses["branch"] >= {"comparison", "versions"}
    order: list[str] = []
    while left := uses.keys() - set(order):
        free = sorted(part for part in left if uses[part] & uses.keys() <= set(order))
        assert free, f"each of these needs another of them: {sorted(left)}"
        order += free


@pytest.mark.parametrize("package", sorted(ARROWS))
def test_the_arrows_run_one_way(package: str) -> None:
    seen: set[str] = set()
    reached = set(ARROWS[package])
    while reached:
        seen |= reached
        reached = {further for each in reached for further in ARROWS[each]} - seen
    assert package not in seen


def test_store_remotes_and_review_do_not_know_each_other() -> None:
    apart = {"store", "remotes", "review"}
    assert [each for each in IMPORTS if each.owner in apart and _ours(each.name) in apart - {each.owner}] == []


def test_the_emulator_imports_nothing_of_ours() -> None:
    assert [each for each in IMPORTS if each.owner == "emulator" and _ours(each.name) not in (None, "emulator")] == []


def test_pure_packages_know_no_file_network_clock_environment_or_chance() -> None:
    def is_impure(name: str) -> bool:
        return any(name == impure or name.startswith(f"{impure}.") for impure in IMPURE)

    assert [each for each in IMPORTS if each.owner in PURE and is_impure(each.name)] == []
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.func.id}"
        for path, tree in TREES.items()
        if _owner(path) in PURE
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS
    ]
    assert calls == []


def test_only_the_store_runs_programs() -> None:
    assert [each for each in IMPORTS if each.name.partition(".")[0] == "subprocess" and each.owner != "store"] == []
    runs = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"system", "popen", "execv", "execvp", "posix_spawn"} and _is_name(node.value, "os")
    ]
    assert runs == []


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def test_third_parties_are_imported_only_where_they_belong() -> None:
    wrong = [
        each
        for each in IMPORTS
        if (top := each.name.partition(".")[0]) not in sys.stdlib_module_names and top != "amlgit" and top not in THIRD_PARTIES.get(each.owner, ())
    ]
    assert wrong == []


def test_only_the_command_line_prints_and_exits() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node.func)}"
        for path, tree in TREES.items()
        if _owner(path) not in {"cli", "__main__", "emulator"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "input", "exit", "quit", "sys.exit", "os._exit"}
    ]
    assert wrong == []


def test_the_command_line_imports_workflows_only_inside_its_commands() -> None:
    top_level = [
        Import(str(path.relative_to(ROOT)), node.lineno, _owner(path), name)
        for path, tree in TREES.items()
        if path.name == "main.py" and _owner(path) == "cli"
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)])
    ]
    assert [each for each in top_level if _ours(each.name) in {"workflows", "store", "remotes", "form", "model"}] == []

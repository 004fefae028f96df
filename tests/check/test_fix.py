"""What `check --fix` mends, and what it leaves as it is."""

import shutil
import sys
from pathlib import Path

from tests.support.checking import (
    ERRORS,
    EVALUATE,
    PYTHON,
    PYTHON_SCRIPT,
    SCORE,
    SPLIT,
    TRAIN,
    TRAINING,
    both,
    check_in,
    rename,
    replace,
    rules,
    write,
)
from tests.support.repositories import dirty


def test_a_renamed_node_gets_its_name_back_with_script_and_references(repository: Path) -> None:
    rename(PYTHON, "Features.json")(repository)
    rename(PYTHON_SCRIPT, "features.py")(repository)
    replace(f"{TRAINING}/nodes/Features.json", "Execute Python Script 125-bb60.py", "features.py")(repository)
    for path in (repository / TRAINING).rglob("*.json"):
        path.write_bytes(path.read_bytes().replace(b'"Execute Python Script 125-bb60', b'"Features'))
    assert dirty(repository)
    assert check_in(repository, fix=True).findings == ()
    assert dirty(repository) == []


def test_a_node_that_alone_was_renamed_gets_its_name_back(repository: Path) -> None:
    rename(PYTHON, "Features.json")(repository)
    report = check_in(repository)
    assert {finding.rule for finding in report.findings} == {"node-identity", "dangling-source", "layout-box"}
    assert all(finding.fixable for finding in report.findings)
    assert check_in(repository, fix=True).findings == ()
    assert dirty(repository) == []


def test_nodes_that_took_each_others_names_in_a_row_get_them_back(repository: Path) -> None:
    # what stood in Split is now in Score's file, and what stood in Score in another: references go by file names
    rename(SCORE, "Third.json")(repository)
    rename(SPLIT, Path(SCORE).name)(repository)
    for path in (repository / TRAINING).rglob("*.json"):
        text = path.read_bytes().replace(b'"Score Model 173-bb60', b'"Third').replace(b'"Split Data 153-bb60', b'"Score Model 173-bb60')
        path.write_bytes(text)
    assert check_in(repository, fix=True).findings == ()
    assert dirty(repository) == []


def test_a_fix_never_writes_over_a_file_that_belongs_to_nobody(repository: Path) -> None:
    both(rename(PYTHON_SCRIPT, "clean.py"), replace(PYTHON, "Execute Python Script 125-bb60.py", "clean.py"))(repository)
    write(PYTHON_SCRIPT, "mine\n")(repository)
    report = check_in(repository, fix=True)
    assert ("foreign-file", PYTHON_SCRIPT) in rules(report)
    assert (repository / PYTHON_SCRIPT).read_text() == "mine\n"


def test_a_fix_keeps_a_secret_where_it_stands(repository: Path) -> None:
    ERRORS["a credential"][0](repository)
    replace(EVALUATE, '"CommentCollapsed": true', '"CommentCollapsed":true')(repository)
    check_in(repository, fix=True)
    assert "hunter22" in (repository / EVALUATE).read_text()


def test_a_fix_mends_what_it_can_beside_what_it_cannot(repository: Path) -> None:
    write(TRAIN, "{")(repository)
    replace(PYTHON, '"CommentCollapsed": true', '"CommentCollapsed":true')(repository)
    report = check_in(repository, fix=True)
    assert rules(report) == [("json", TRAIN)]
    assert [finding.path for finding in report.fixed] == [PYTHON]
    assert len(dirty(repository)) == 1


def test_a_fix_that_was_cut_off_after_any_write_is_finished_by_the_next(repository: Path, tmp_path: Path) -> None:
    rename(PYTHON, "Features.json")(repository)
    rename(PYTHON_SCRIPT, "features.py")(repository)
    replace(f"{TRAINING}/nodes/Features.json", "Execute Python Script 125-bb60.py", "features.py")(repository)
    for path in (repository / TRAINING).rglob("*.json"):
        path.write_bytes(path.read_bytes().replace(b'"Execute Python Script 125-bb60', b'"Features'))
    calls = 0
    for limit in range(1, 40):
        copied = Path(shutil.copytree(repository, tmp_path / str(limit), symlinks=True))
        calls = _fix_and_stop(copied, limit)
        report = check_in(copied, fix=True)
        assert [finding for finding in report.findings if finding.rule != "foreign-file"] == []
        assert _content_is_complete(copied)
        if calls < limit:
            break
    assert 3 < calls < 39


class _CutOff(Exception):
    pass


def _fix_and_stop(repository: Path, limit: int) -> int:
    """`--fix`, cut off before the file operation number `limit`; how many it came to."""
    calls = 0
    is_watching = True

    def stop(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal calls
        if is_watching and event in ("os.rename", "os.remove"):
            calls += 1
            if calls == limit:
                raise _CutOff

    sys.addaudithook(stop)  # hooks stay for ever: this one is switched off
    try:
        check_in(repository, fix=True)
    except _CutOff:
        pass
    finally:
        is_watching = False
    return calls


def _content_is_complete(repository: Path) -> bool:
    return all(line.startswith("??") for line in dirty(repository))

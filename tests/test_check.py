"""What `check` finds in the work tree, the index and a commit, and what `--fix` mends."""

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit import config, samples
from amlgit.errors import InvalidDocument
from amlgit.form import experiments, webservices
from amlgit.form.secrets import Decisions, text_hash
from amlgit.form.splitter import Splitter
from amlgit.model import experiments as models
from amlgit.model.jsontext import loads, same
from amlgit.review import experiment, mend, service
from amlgit.review.findings import RULES, Finding
from amlgit.review.sarif import sarif
from amlgit.store import chains
from amlgit.store import repository as repositories
from amlgit.workflows.check import CheckReport, check, choose_targets
from tests.helpers import FINDINGS, OK, USAGE, aml, clone, clone_samples, commit_all, dirty, git, leftovers, replace_in

TRAINING, SERVICE = "experiments/Customer churn - training-609597", "webservices/churn-scoring-897be0"
SCORING = "experiments/Customer churn - scoring-3bb5ec"
TRAIN, PYTHON, R, CLEAN, SPLIT, SCORE, EVALUATE = (
    f"{TRAINING}/nodes/{stem}.json"
    for stem in (
        "Train Model 166-bb60",
        "Execute Python Script 125-bb60",
        "Execute R Script 140-bb60",
        "Clean Missing Data 64-6ec6",
        "Split Data 153-bb60",
        "Score Model 173-bb60",
        "Evaluate Model 181-bb60",
    )
)
PYTHON_SCRIPT, R_SCRIPT = PYTHON.replace(".json", ".py"), R.replace(".json", ".R")
IMPORT = f"{TRAINING}/nodes/Import Data 112-bb60.json"
EXPERIMENT, LAYOUT, DEFINITION = f"{TRAINING}/experiment.json", f"{TRAINING}/layout.json", f"{SERVICE}/definition.json"
FAMILY = "60959711486b2ce482976a3ae4cef45b"
KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA=="
CONFLICT = "<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n"

Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone_samples(tmp_path_factory.mktemp("samples") / "repository")


@pytest.fixture
def repository(cloned: Path, tmp_path: Path) -> Path:
    """A clone of the samples, which a test may damage."""
    return Path(shutil.copytree(cloned, tmp_path / "repository", symlinks=True))


def _check(repository: Path, *paths: str, rev: str | None = None, staged: bool = False, fix: bool = False) -> CheckReport:
    found = repositories.discover(repository, os.environ)
    return check(found, config.load(repository), paths=paths, rev=rev, staged=staged, fix=fix)


def _rules(report: CheckReport) -> list[tuple[str, str]]:
    return [(finding.rule, finding.path) for finding in report.findings]


def _one(report: CheckReport) -> Finding:
    (finding,) = report.findings
    return finding


def _replace(path: str, old: str, new: str) -> Damage:
    return lambda repository: replace_in(repository / path, old, new)


def _write(path: str, text: str) -> Damage:
    return lambda repository: (repository / path).write_bytes(text.encode())


def _append(path: str, text: str) -> Damage:
    return lambda repository: (repository / path).write_bytes((repository / path).read_bytes() + text.encode())


def _remove(path: str) -> Damage:
    return lambda repository: (repository / path).unlink()


def _rename(old: str, new: str) -> Damage:
    return lambda repository: (repository / old).rename((repository / old).with_name(new))


def _copy(old: str, new: str) -> Damage:
    return lambda repository: shutil.copy(repository / old, (repository / old).with_name(new))


def _both(*damages: Damage) -> Damage:
    return lambda repository: [damage(repository) for damage in damages]


SPLIT_ID = "bb60c20a-54d3-4833-ac2b-6e112f31808e-153"
FED = '"Source": "Split Data 153-bb60:Results dataset1"'

# what is done → the rule, the file, the line, whether --fix mends it
ERRORS: dict[str, tuple[Damage, str, str, int | None, bool]] = {
    "no JSON": (_write(TRAIN, '{"Id": "x",\n  "Comment": }\n'), "json", TRAIN, 2, False),
    "an empty file": (_write(LAYOUT, ""), "json", LAYOUT, None, False),
    "a member twice": (_replace(TRAIN, '"Comment": "",', '"Comment": "", "Comment": "",'), "json", TRAIN, None, False),
    "not a number": (_replace(TRAIN, '"CommentCollapsed": true', '"CommentCollapsed": NaN'), "json", TRAIN, None, False),
    "a list for a page": (_write(TRAIN, "[]\n"), "json", TRAIN, None, False),
    "nested too deep": (_write(LAYOUT, '{"Graph": ' + "[" * 200 + "]" * 200 + "}"), "json", LAYOUT, None, False),
    "a node without an id": (_replace(TRAIN, '"Id"', '"Ident"'), "form", TRAIN, None, False),
    "a port that is no object": (_replace(TRAIN, '{"Name": "Trained model", "OutputType": "TrainedModel"}', "1"), "form", TRAIN, None, False),
    "a script that is not UTF-8": (
        lambda repository: (repository / PYTHON_SCRIPT).write_bytes(b"caf\xe9\n"),
        "form",
        PYTHON,
        None,
        False,
    ),
    "a layout with a document type": (
        _write(LAYOUT, '{"Graph": {"SerializedClientData": "<!DOCTYPE a><a/>"}}\n'),
        "form",
        EXPERIMENT,
        None,
        False,
    ),
    "another spelling": (_replace(TRAIN, '"CommentCollapsed": true', '"CommentCollapsed":true'), "normal-form", TRAIN, 4, True),
    "no final newline": (lambda repository: (repository / TRAIN).write_bytes((repository / TRAIN).read_bytes()[:-1]), "normal-form", TRAIN, 15, True),
    "carriage returns in a page": (_replace(EXPERIMENT, "\n", "\r\n"), "normal-form", EXPERIMENT, 1, True),
    "a member of the service": (_replace(EXPERIMENT, '  "Summary"', '  "Etag": "x",\n  "Summary"'), "normal-form", EXPERIMENT, 8, True),
    "a script under another name": (
        _both(_rename(PYTHON_SCRIPT, "clean.py"), _replace(PYTHON, "Execute Python Script 125-bb60.py", "clean.py")),
        "normal-form",
        PYTHON,
        12,
        True,
    ),
    "no experiment.json": (_remove(EXPERIMENT), "missing-file", EXPERIMENT, None, False),
    "no layout.json": (_remove(LAYOUT), "missing-file", LAYOUT, None, True),
    "no definition.json": (_remove(DEFINITION), "missing-file", DEFINITION, None, False),
    "a script without a node": (_write(f"{TRAINING}/nodes/old.py", "pass\n"), "foreign-file", f"{TRAINING}/nodes/old.py", None, False),
    "a script that no definition names": (_write(f"{SERVICE}/old.R", "1\n"), "foreign-file", f"{SERVICE}/old.R", None, False),
    "a node without its script": (_remove(PYTHON_SCRIPT), "script-missing", PYTHON, 12, False),
    "a definition without its script": (_remove(f"{SERVICE}/node2.py"), "script-missing", DEFINITION, 144, False),
    "a script outside": (_replace(PYTHON, "Execute Python Script 125-bb60.py", "../../x.py"), "script-missing", PYTHON, 12, False),
    "carriage returns in a script": (_replace(R_SCRIPT, "\n", "\r\n"), "script-newline", R_SCRIPT, 1, True),
    "a carriage return inside a line": (_append(R_SCRIPT, "# a\rb\n"), "script-newline", R_SCRIPT, None, False),
    "carriage returns in a script of a service": (_replace(f"{SERVICE}/node3.R", "\n", "\r\n"), "script-newline", f"{SERVICE}/node3.R", 1, True),
    "a copied node": (_copy(TRAIN, "Copy.json"), "node-identity", f"{TRAINING}/nodes/Copy.json", 2, False),
    "a renamed node": (_rename(TRAIN, "Train.json"), "node-identity", f"{TRAINING}/nodes/Train.json", None, True),
    "a source that is not there": (_replace(TRAIN, FED, '"Source": "Split Data 9:Results dataset1"'), "dangling-source", TRAIN, 7, False),
    "a service port that is not there": (
        _replace(f"{SCORING}/experiment.json", "Transformation 66-9af6:Results dataset", "Transformation 67-9af6:Results dataset"),
        "dangling-source",
        f"{SCORING}/experiment.json",
        19,
        False,
    ),
    "an output port that is not there": (_replace(TRAIN, FED, FED.replace("dataset1", "dataset9")), "unknown-port", TRAIN, 7, False),
    "a node id of another form": (_replace(EVALUATE, "bb60c20a-54d3-4833-ac2b-6e112f31808e-181", "bb60-181"), "node-id", EVALUATE, None, False),
    "a module id of another form": (_replace(EVALUATE, "506153734175476c4f62416c57734963.", ""), "module-id", EVALUATE, None, False),
    "a dataset id of another form": (_replace(TRAIN, FED, '"DataSourceId": "GenericCSV"'), "asset-id", TRAIN, 7, False),
    "an edge and a model": (
        _replace(TRAIN, FED, f'"TrainedModelId": "{"0" * 32}.{"1" * 32}.x", {FED}'),
        "edge-and-asset",
        TRAIN,
        7,
        False,
    ),
    "two assets": (
        _replace(TRAIN, FED, f'"TrainedModelId": "{"0" * 32}.{"1" * 32}.x", "DataSourceId": "{"0" * 32}.{"1" * 32}.y"'),
        "several-assets",
        TRAIN,
        7,
        False,
    ),
    "a cycle": (
        _replace(PYTHON, '"Clean Missing Data 64-6ec6:Cleaned dataset"', '"Score Model 173-bb60:Scored dataset"'),
        "cycle",
        None or "",
        None,
        False,
    ),
    "a port twice": (_replace(PYTHON, '"Dataset2"', '"Dataset1"'), "double-port", PYTHON, 6, False),
    "a parameter twice": (_replace(PYTHON, '"Python Version"', '"R Script"'), "double-parameter", PYTHON, 12, False),
    "an edge beside the ports": (
        _replace(
            EXPERIMENT,
            '"Graph": {',
            '"Graph": {\n    "EdgesInternal": [\n      {"SourceOutputPortId": "'
            + SPLIT_ID
            + ':Results dataset2", "DestinationInputPortId": "bb60c20a-54d3-4833-ac2b-6e112f31808e-166:Dataset", "DestinationInputPortIndex": null}'
            + "\n    ],",
        ),
        "double-edge",
        EXPERIMENT,
        6,
        False,
    ),
    "a credential": (
        _replace(EVALUATE, '"ModuleParameters": []', '"ModuleParameters": [\n    {"Name": "Account Key", "Value": "hunter22"}\n  ]'),
        "secret",
        EVALUATE,
        11,
        False,
    ),
    "a credential that is no string": (
        _replace(EVALUATE, '"ModuleParameters": []', '"ModuleParameters": [\n    {"Name": "x", "Value": {"PrimaryKey": 7}}\n  ]'),
        "secret",
        EVALUATE,
        11,
        False,
    ),
    "a key in a summary": (_replace(EXPERIMENT, "Which customers", f"AccountKey={KEY} Which customers"), "secret", EXPERIMENT, 8, False),
    "a key in a script": (_append(PYTHON_SCRIPT, f"key = '{KEY}'\n"), "secret", PYTHON_SCRIPT, None, False),
    "a key in a definition": (_replace(DEFINITION, "Whom to call before they leave", f"AccountKey={KEY}"), "secret", DEFINITION, 55, False),
    "a key in a script of a service": (_append(f"{SERVICE}/node2.py", f"key = '{KEY}'\n"), "secret", f"{SERVICE}/node2.py", None, False),
    "a key in a script without a node": (_write(f"{TRAINING}/nodes/old.py", f"key = '{KEY}'\n"), "secret", f"{TRAINING}/nodes/old.py", 1, False),
    "a conflict in a node": (_write(TRAIN, CONFLICT), "conflict-marker", TRAIN, 1, False),
    "a conflict in a script": (_append(PYTHON_SCRIPT, CONFLICT), "conflict-marker", PYTHON_SCRIPT, None, False),
    "a conflict in sync.json": (_write(f"{TRAINING}/sync.json", CONFLICT), "conflict-marker", f"{TRAINING}/sync.json", 1, False),
    "a conflict in a definition": (_write(DEFINITION, CONFLICT), "conflict-marker", DEFINITION, 1, False),
    "an unreadable sync.json": (_write(f"{TRAINING}/sync.json", '{"archive": 1}\n'), "companion", f"{TRAINING}/sync.json", None, False),
    "an unreadable assets.json": (_write(f"{TRAINING}/assets.json", "{"), "companion", f"{TRAINING}/assets.json", 1, False),
    "a copied folder": (
        lambda repository: shutil.copytree(repository / TRAINING, repository / "experiments" / "Copy"),
        "companion",
        f"{TRAINING}/sync.json",
        2,
        False,
    ),
    "a link for a file": (
        _both(_remove(LAYOUT), lambda repository: os.symlink("experiment.json", repository / LAYOUT)),
        "not-a-file",
        LAYOUT,
        None,
        False,
    ),
    "a definition that is no JSON": (_write(DEFINITION, "{\n"), "json", DEFINITION, 2, False),
    "a definition in another spelling": (_replace(DEFINITION, '"location": ', '"location":'), "normal-form", DEFINITION, 2, True),
    "a definition that can't be held": (_replace(DEFINITION, '"Newline": "CRLF"', '"Newline": "CR"'), "form", DEFINITION, None, False),
    "a definition with a wrong edge": (
        _replace(DEFINITION, '"sourceNodeId": "node2"', '"sourceNodeId": "node99"'),
        "unknown-node",
        DEFINITION,
        None,
        False,
    ),
    "a definition with a wrong asset": (_replace(DEFINITION, '"assetId": "asset2"', '"assetId": "asset99"'), "unknown-asset", DEFINITION, 140, False),
}


@pytest.mark.parametrize("what", ERRORS)
def test_a_damage_is_an_error_of_its_rule_at_its_file_and_line(repository: Path, what: str) -> None:
    damage, rule, path, line, fixable = ERRORS[what]
    damage(repository)
    report = _check(repository)
    found = [finding for finding in report.findings if finding.rule == rule and finding.path.startswith(path or TRAINING)]
    assert found, report.findings
    assert found[0].severity == "error"
    assert found[0].fixable is fixable
    if line is not None:
        assert found[0].line == line, found[0]
    assert "hunter22" not in str(report)
    assert KEY[:20] not in str(report)


@pytest.mark.parametrize("what", [what for what in ERRORS if what != "a copied folder"])
def test_a_commit_and_the_index_have_the_same_findings_as_the_work_tree(repository: Path, what: str) -> None:
    ERRORS[what][0](repository)
    in_work_tree = _check(repository).findings
    git(repository, "add", "--all")
    assert _check(repository, staged=True).findings == in_work_tree
    git(repository, "commit", "--quiet", "-m", what)
    assert _check(repository, rev="HEAD").findings == in_work_tree
    assert _check(repository, staged=True) == CheckReport(checked=0, findings=())


@pytest.mark.parametrize("what", ERRORS)
def test_fixing_is_idempotent_and_loses_nothing_that_it_cannot_mend(repository: Path, what: str) -> None:
    damage, rule, path, _, fixable = ERRORS[what]
    damage(repository)
    first = _check(repository, fix=True)
    assert not any(finding.fixable for finding in first.findings)
    if fixable:
        assert (rule, path) in [(finding.rule, finding.path) for finding in first.fixed]
        assert first.findings == ()
    else:
        assert rule in {finding.rule for finding in first.findings}
    after = dirty(repository)
    second = _check(repository, fix=True)
    assert second.fixed == ()
    assert second.findings == first.findings
    assert dirty(repository) == after
    assert leftovers(repository) == []


def test_a_clone_of_the_samples_has_no_findings(repository: Path) -> None:
    assert _check(repository) == CheckReport(checked=4, findings=())
    assert _check(repository, rev="HEAD") == CheckReport(checked=4, findings=())
    assert _check(repository, staged=True) == CheckReport(checked=0, findings=())


def test_a_clone_of_real_exports_has_no_errors(corpus: Path, tmp_path: Path) -> None:
    real = clone(corpus / "archive", tmp_path / "real", code=5)
    report = _check(real)
    assert report.checked > 3
    assert report.findings == ()


def test_every_rule_is_explained_and_tested() -> None:
    tested = {rule for _, rule, _, _, _ in ERRORS.values()} | {"layout-box"}
    of_graphs = {"double-node", "port-node", "unknown-node", "wrong-type"}
    of_services = {"double-member", "node-kind", "unknown-input", "unknown-output"}
    assert set(RULES) == tested | of_graphs | of_services


def test_one_bad_file_does_not_hide_the_findings_of_others(repository: Path) -> None:
    _write(TRAIN, "{")(repository)
    _replace(PYTHON, '"CommentCollapsed": true', '"CommentCollapsed":true')(repository)
    _remove(R_SCRIPT)(repository)
    _replace(SCORE, "Train Model 166-bb60", "Train Model 167-bb60")(repository)
    _write(f"{TRAINING}/nodes/old.py", "pass\n")(repository)
    assert set(_rules(_check(repository))) == {
        ("json", TRAIN),
        ("normal-form", PYTHON),
        ("script-missing", R),
        ("dangling-source", SCORE),
        ("foreign-file", f"{TRAINING}/nodes/old.py"),
    }


def test_a_reference_to_a_node_that_cannot_be_read_is_not_dangling(repository: Path) -> None:
    _write(PYTHON, CONFLICT)(repository)
    assert _rules(_check(repository)) == [("conflict-marker", PYTHON)]


def test_a_removed_node_leaves_a_dangling_source_and_a_forgotten_box(repository: Path) -> None:
    _remove(SPLIT)(repository)
    report = _check(repository)
    assert {(finding.rule, finding.severity) for finding in report.findings} == {("dangling-source", "error"), ("layout-box", "warning")}
    assert all("Split Data 153-bb60" in finding.message for finding in report.findings)


def test_a_forgotten_box_is_a_warning_and_is_removed(repository: Path) -> None:
    _remove(EVALUATE)(repository)
    finding = _one(_check(repository))
    assert (finding.rule, finding.severity, finding.fixable, finding.path) == ("layout-box", "warning", True, LAYOUT)
    assert "Evaluate Model" in (repository / LAYOUT).read_text().splitlines()[(finding.line or 0) - 1]
    assert aml(repository, "check").code == OK
    assert _check(repository, fix=True).findings == ()
    assert git(repository, "diff", "--stat").endswith("2 files changed, 15 deletions(-)")


def test_a_file_that_is_no_script_is_a_warning_and_an_ignored_one_nothing(repository: Path) -> None:
    _write(f"{TRAINING}/nodes/notes.md", "x\n")(repository)
    _write(f"{TRAINING}/nodes/backup.py~", "x\n")(repository)
    _write(".gitignore", "*~\n")(repository)
    finding = _one(_check(repository))
    assert (finding.rule, finding.severity, finding.path) == ("foreign-file", "warning", f"{TRAINING}/nodes/notes.md")


def test_files_of_the_users_own_are_no_findings(repository: Path) -> None:
    _write(f"{TRAINING}/README.md", "<<<<<<< a drawing\n")(repository)
    (repository / "experiments" / "notes").mkdir()
    _write("experiments/notes/todo.txt", "x\n")(repository)
    assert _check(repository) == CheckReport(checked=4, findings=())


def test_a_decision_allows_what_may_be_a_secret(repository: Path) -> None:
    _append(PYTHON_SCRIPT, f"key = '{KEY}'\n")(repository)
    finding = _one(_check(repository))
    assert finding.hint is not None
    assert text_hash(KEY) in finding.hint
    aml(repository, "secret", "allow", text_hash(KEY)).expect(OK)
    assert _check(repository).findings == ()


def test_a_place_that_is_to_be_replaced_is_a_secret_until_it_is(repository: Path) -> None:
    _append(PYTHON_SCRIPT, f"key = '{KEY}'\n")(repository)
    place = "60959711486b2ce482976a3ae4cef45b/bb60c20a-54d3-4833-ac2b-6e112f31808e-125/R Script"
    _append(".amlgit", f'\n[secrets]\nreplace = ["{place}"]\n')(repository)
    finding = _one(_check(repository))
    assert (finding.rule, finding.path) == ("secret", PYTHON_SCRIPT)
    _replace(PYTHON_SCRIPT, KEY, "${secret:key}")(repository)
    assert _check(repository).findings == ()


def test_no_message_holds_a_secret_that_stands_where_a_name_belongs(repository: Path) -> None:
    _replace(TRAIN, "Split Data 153-bb60:Results dataset1", f"AccountKey={KEY}:x")(repository)
    run = aml(repository, "check")
    run.expect(FINDINGS)
    assert KEY[:20] not in run.out + run.err
    assert KEY[:20] not in aml(repository, "check", "--json").out + aml(repository, "check", "--sarif").out


# --- damage of any kind


def _forms() -> list[tuple[str, dict[str, bytes]]]:
    """The samples' content, by kind; and two scripts more that belong to nobody."""
    forms: list[tuple[str, dict[str, bytes]]] = []
    for path in sorted(samples.archive().rglob("*.json")):
        document = loads(path.read_bytes())
        assert isinstance(document, dict)
        if models.is_experiment(document):
            forms.append((chains.EXPERIMENT, dict(Splitter(Decisions()).split(path.read_bytes(), FAMILY).content)))
        else:
            forms.append((chains.WEB_SERVICE, dict(webservices.split(document, FAMILY, Decisions()).content)))
    return [forms[0], forms[-1], *(form for form in forms if form[0] == chains.EXPERIMENT)][:4]


FORMS = _forms()


WORDS = st.sampled_from([b"Name", b"Source", b'"', b"true", b"-", b":"])
VALUES = st.sampled_from([b"null", b"7", b"[]", b"{}", b'"x"'])
VALUE = re.compile(rb': ("[^"]*"|true|false|\[\]|\{.*\})')


def _other_lines(draw: st.DrawFn, lines: list[bytes]) -> list[bytes]:
    place = draw(st.integers(0, len(lines) - 1))
    line, before, after = lines[place], lines[:place], lines[place + 1 :]
    match draw(st.sampled_from(["drop", "double", "swap", "word", "value", "crlf"])):
        case "drop":
            return before + after
        case "double":
            return [*before, line, line, *after]
        case "swap":
            return [*after, line, *before]
        case "word":
            return [*before, line.replace(draw(WORDS), draw(st.sampled_from([b"", b"x", b"1"])), 1), *after]
        case "value":
            return [*before, VALUE.sub(b": " + draw(VALUES), line, count=1), *after]
    return [line + b"\r" for line in lines]


@st.composite
def _damaged(draw: st.DrawFn) -> tuple[str, dict[str, bytes]]:
    """A folder with some lines or files of it changed as a bad merge, an editor or a slip of the hand would."""
    kind, files = draw(st.sampled_from(FORMS))
    damaged = dict(files)
    for _ in range(draw(st.integers(1, 4))):
        path, other = (draw(st.sampled_from(sorted(damaged))) for _ in range(2))
        name = Path(path).with_name(draw(st.sampled_from(["New", "new", "Other"])) + Path(path).suffix).as_posix()
        match draw(st.sampled_from(["lines", "lines", "lines", "steal", "remove", "rename", "copy"])):
            case "lines":
                damaged[path] = b"\n".join(_other_lines(draw, damaged[path].split(b"\n")))
            case "steal":
                damaged[path] = damaged[other]
            case "remove" if len(damaged) > 1:
                del damaged[path]
            case "rename":
                damaged[name] = damaged.pop(path)
            case "copy":
                damaged[name] = damaged[path]
    return kind, damaged


def _inspect(kind: str, files: dict[str, bytes]) -> list[Finding]:
    return list((experiment if kind == chains.EXPERIMENT else service).inspect(files, FAMILY, Decisions()))


@given(_damaged())
def test_damage_of_any_kind_is_found_or_harmless(damage: tuple[str, dict[str, bytes]]) -> None:
    kind, files = damage
    found = _inspect(kind, files)
    assert {finding.rule for finding in found} <= set(RULES)
    assert all(finding.line is None or 0 < finding.line <= files[finding.path].count(b"\n") + 1 for finding in found)
    try:
        if kind == chains.EXPERIMENT:
            normal = Splitter(Decisions()).split_protected(experiments.join(files), FAMILY).content
        else:
            normal = webservices.split_protected(webservices.join(files), FAMILY, Decisions()).content
    except InvalidDocument:
        assert any(finding.severity == "error" for finding in found)
    else:
        assert found or normal == files


@given(_damaged())
def test_mending_damage_of_any_kind_comes_to_rest_and_keeps_what_it_means(damage: tuple[str, dict[str, bytes]]) -> None:
    kind, files = damage
    mend_it = mend.experiment if kind == chains.EXPERIMENT else service.mended
    mended = mend_it(files, FAMILY)
    again = mend_it(mended.files, FAMILY)
    assert (again.files, again.renames) == (mended.files, ())
    assert not any(finding.fixable for finding in _inspect(kind, dict(mended.files)))
    if mended.files == files:
        assert not any(finding.fixable for finding in _inspect(kind, files))
    if kind == chains.EXPERIMENT and not mended.renames:
        with contextlib.suppress(InvalidDocument):
            assert same(experiments.join(mended.files), experiments.join(files))


# --- fixing


def test_a_renamed_node_gets_its_name_back_with_script_and_references(repository: Path) -> None:
    _rename(PYTHON, "Features.json")(repository)
    _rename(PYTHON_SCRIPT, "features.py")(repository)
    _replace(f"{TRAINING}/nodes/Features.json", "Execute Python Script 125-bb60.py", "features.py")(repository)
    for path in (repository / TRAINING).rglob("*.json"):
        path.write_bytes(path.read_bytes().replace(b'"Execute Python Script 125-bb60', b'"Features'))
    assert dirty(repository)
    assert _check(repository, fix=True).findings == ()
    assert dirty(repository) == []


def test_a_node_that_alone_was_renamed_gets_its_name_back(repository: Path) -> None:
    _rename(PYTHON, "Features.json")(repository)
    report = _check(repository)
    assert {finding.rule for finding in report.findings} == {"node-identity", "dangling-source", "layout-box"}
    assert all(finding.fixable for finding in report.findings)
    assert _check(repository, fix=True).findings == ()
    assert dirty(repository) == []


def test_nodes_that_took_each_others_names_in_a_row_get_them_back(repository: Path) -> None:
    # what stood in Split is now in Score's file, and what stood in Score in another: references go by file names
    _rename(SCORE, "Third.json")(repository)
    _rename(SPLIT, Path(SCORE).name)(repository)
    for path in (repository / TRAINING).rglob("*.json"):
        text = path.read_bytes().replace(b'"Score Model 173-bb60', b'"Third').replace(b'"Split Data 153-bb60', b'"Score Model 173-bb60')
        path.write_bytes(text)
    assert _check(repository, fix=True).findings == ()
    assert dirty(repository) == []


def test_a_fix_never_writes_over_a_file_that_belongs_to_nobody(repository: Path) -> None:
    _both(_rename(PYTHON_SCRIPT, "clean.py"), _replace(PYTHON, "Execute Python Script 125-bb60.py", "clean.py"))(repository)
    _write(PYTHON_SCRIPT, "mine\n")(repository)
    report = _check(repository, fix=True)
    assert ("foreign-file", PYTHON_SCRIPT) in _rules(report)
    assert (repository / PYTHON_SCRIPT).read_text() == "mine\n"


def test_a_fix_keeps_a_secret_where_it_stands(repository: Path) -> None:
    ERRORS["a credential"][0](repository)
    _replace(EVALUATE, '"CommentCollapsed": true', '"CommentCollapsed":true')(repository)
    _check(repository, fix=True)
    assert "hunter22" in (repository / EVALUATE).read_text()


def test_a_fix_mends_what_it_can_beside_what_it_cannot(repository: Path) -> None:
    _write(TRAIN, "{")(repository)
    _replace(PYTHON, '"CommentCollapsed": true', '"CommentCollapsed":true')(repository)
    report = _check(repository, fix=True)
    assert _rules(report) == [("json", TRAIN)]
    assert [finding.path for finding in report.fixed] == [PYTHON]
    assert len(dirty(repository)) == 1


def test_a_fix_that_was_cut_off_after_any_write_is_finished_by_the_next(repository: Path, tmp_path: Path) -> None:
    _rename(PYTHON, "Features.json")(repository)
    _rename(PYTHON_SCRIPT, "features.py")(repository)
    _replace(f"{TRAINING}/nodes/Features.json", "Execute Python Script 125-bb60.py", "features.py")(repository)
    for path in (repository / TRAINING).rglob("*.json"):
        path.write_bytes(path.read_bytes().replace(b'"Execute Python Script 125-bb60', b'"Features'))
    calls = 0
    for limit in range(1, 40):
        copied = Path(shutil.copytree(repository, tmp_path / str(limit), symlinks=True))
        calls = _fix_and_stop(copied, limit)
        report = _check(copied, fix=True)
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
        _check(repository, fix=True)
    except _CutOff:
        pass
    finally:
        is_watching = False
    return calls


def _content_is_complete(repository: Path) -> bool:
    return all(line.startswith("??") for line in dirty(repository))


# --- where it looks


def test_a_staged_copy_is_compared_with_folders_that_are_not_staged(repository: Path) -> None:
    ERRORS["a copied folder"][0](repository)
    git(repository, "add", "--all")
    report = _check(repository, staged=True)
    assert (report.checked, _rules(report)) == (1, [("companion", "experiments/Copy/sync.json")])
    assert TRAINING in report.findings[0].message


def test_staged_looks_only_at_folders_with_staged_changes_and_at_what_is_staged(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    _write(f"{SCORING}/experiment.json", "{")(repository)
    git(repository, "add", TRAIN)
    _replace(TRAIN, '"CommentCollapsed":true', '"CommentCollapsed": true')(repository)
    report = _check(repository, staged=True)
    assert (report.checked, _rules(report)) == (1, [("normal-form", TRAIN)])


def test_staged_reads_the_index_that_git_gives_a_hook(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text(f'#!/bin/sh\nPYTHONPATH="{Path(__file__).parents[1]}" exec "{sys.executable}" -m amlgit check --staged\n')
    hook.chmod(0o755)
    ERRORS["another spelling"][0](repository)
    found = repositories.discover(repository, os.environ)
    completed = found.attempt("commit", "-m", "bad", "--", TRAIN)  # 'commit -- PATH' has an index of its own
    assert completed.returncode != 0
    assert b"[normal-form]" in completed.stdout + completed.stderr
    git(repository, "checkout", "--", ".")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "a good one"')
    git(repository, "commit", "--quiet", "-m", "good", "--", TRAIN)


def test_staged_leaves_out_what_is_only_intended_to_be_added(repository: Path) -> None:
    _write(f"{TRAINING}/nodes/new.py", "pass\n")(repository)
    git(repository, "add", "--intent-to-add", f"{TRAINING}/nodes/new.py")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "edited"')
    git(repository, "add", TRAIN)
    assert _check(repository, staged=True) == CheckReport(checked=1, findings=())


def test_staged_names_files_that_are_not_merged_yet(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "other")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "theirs"')
    commit_all(repository)
    git(repository, "checkout", "--quiet", "-")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "ours"')
    commit_all(repository)
    assert repositories.discover(repository, os.environ).attempt("merge", "other").returncode == 1
    assert ("conflict-marker", TRAIN) in _rules(_check(repository, staged=True))
    assert _rules(_check(repository)) == [("conflict-marker", TRAIN)]


def test_staged_works_before_the_first_commit(repository: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    git(tmp_path, "init", "--quiet", new)
    shutil.copytree(repository / TRAINING, new / TRAINING)
    _remove(PYTHON_SCRIPT)(new)
    git(new, "add", "--all")
    report = _check(new, staged=True)
    assert (report.checked, _rules(report)) == (1, [("script-missing", PYTHON)])


def test_a_removed_folder_is_nothing_to_check(repository: Path) -> None:
    git(repository, "rm", "-r", "--quiet", TRAINING)
    assert _check(repository, staged=True) == CheckReport(checked=0, findings=())
    assert _check(repository).checked == 3


@pytest.mark.parametrize(
    "argument", [TRAINING, f"{TRAINING}/", TRAIN, "Customer churn - training", "60959711486b2ce482976a3ae4cef45b", Path(TRAINING).name]
)
def test_a_path_may_be_a_folder_a_file_or_an_experiment(repository: Path, argument: str) -> None:
    _write(TRAIN, "{")(repository)
    _write(f"{SCORING}/experiment.json", "{")(repository)
    targets = choose_targets(repositories.discover(repository, os.environ), [argument], repository)
    report = _check(repository, *targets.paths)
    assert (report.checked, _rules(report)) == (1, [("json", TRAIN)])


def test_paths_start_where_the_command_does(repository: Path) -> None:
    run = aml(repository / TRAINING, "check", "nodes")
    assert run.expect(OK).err == "No findings in 1 folder.\n"
    assert aml(repository / "experiments", "check", ".").expect(OK).err == "No findings in 3 folders.\n"


def test_what_is_no_path_and_no_experiment_is_a_commit(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    bad = commit_all(repository)
    git(repository, "checkout", "--quiet", "HEAD~1")
    assert aml(repository, "check").code == OK
    assert aml(repository, "check", bad[:12]).code == FINDINGS
    assert aml(repository, "check", bad, SCORING).code == OK


def test_what_is_nothing_at_all_is_an_error_of_usage(repository: Path, tmp_path: Path) -> None:
    assert "'nothing' is no path and no commit" in aml(repository, "check", "nothing").expect(USAGE).err
    assert "is not in the repository" in aml(repository, "check", tmp_path).expect(USAGE).err
    assert "both commits" in aml(repository, "check", "HEAD", "HEAD~1").expect(USAGE).err
    for arguments in (["--fix", "--staged"], ["--fix", "HEAD"], ["--staged", "HEAD"], ["--json", "--sarif"]):
        aml(repository, "check", *arguments).expect(USAGE)


# --- what it prints


def test_the_text_is_a_line_for_each_finding_and_a_count(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    _remove(EVALUATE)(repository)
    run = aml(repository, "check").expect(FINDINGS)
    assert run.out.splitlines() == [
        f"{LAYOUT}:8: warning: A box of 'Evaluate Model 181-bb60', and there is no such node. [layout-box]",
        f"{TRAIN}:4: error: Not in normal form: this line would be written otherwise. [normal-form]",
    ]
    assert run.err.splitlines()[-1] == "1 error, 1 warning in 4 folders; 'amlgit check --fix' mends 2."
    fixed = aml(repository, "check", "--fix").expect(OK)
    assert [line.split(": ")[1] for line in fixed.out.splitlines()] == ["fixed", "fixed"]
    assert fixed.err == "2 fixed in 4 folders.\n"


def test_the_json_is_the_envelope_with_every_finding(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    document = aml(repository, "check", "--json").expect(FINDINGS).json
    assert (document["command"], document["status"], document["result"]["checked"]) == ("check", "findings", 4)
    assert document["result"]["findings"] == [
        {
            "rule": "normal-form",
            "severity": "error",
            "message": "Not in normal form: this line would be written otherwise.",
            "path": TRAIN,
            "line": 4,
            "fixable": True,
            "hint": "'amlgit check --fix' rewrites it.",
        }
    ]


def test_the_sarif_names_rules_files_and_lines(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    _remove(EVALUATE)(repository)
    document = json.loads(aml(repository, "check", "--sarif").expect(FINDINGS).out)
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "amlgit"
    assert [rule["id"] for rule in driver["rules"]] == ["layout-box", "normal-form"]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == TRAIN.replace(" ", "%20")
    assert place["region"] == {"startLine": 4}


def test_the_sarif_of_nothing_is_a_document_all_the_same() -> None:
    document = sarif([], "1.2.3")
    assert document["version"] == "2.1.0"
    assert document["runs"]

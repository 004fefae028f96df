"""What `check` finds in the work tree, the index and a commit."""

from pathlib import Path

import pytest

from amlgit.form.secrets import text_hash
from amlgit.review.findings import RULES
from amlgit.workflows.check import CheckReport
from tests.support.checking import (
    CONFLICT,
    ERRORS,
    EVALUATE,
    KEY,
    LAYOUT,
    PYTHON,
    PYTHON_SCRIPT,
    R_SCRIPT,
    SCORE,
    SPLIT,
    TRAIN,
    TRAINING,
    R,
    append,
    check_in,
    one,
    remove,
    replace,
    rules,
    write,
)
from tests.support.commands import FINDINGS, OK, aml, clone, git
from tests.support.repositories import dirty, leftovers


@pytest.mark.parametrize("what", ERRORS)
def test_a_damage_is_an_error_of_its_rule_at_its_file_and_line(repository: Path, what: str) -> None:
    damage, rule, path, line, fixable = ERRORS[what]
    damage(repository)
    report = check_in(repository)
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
    in_work_tree = check_in(repository).findings
    git(repository, "add", "--all")
    assert check_in(repository, staged=True).findings == in_work_tree
    git(repository, "commit", "--quiet", "-m", what)
    assert check_in(repository, rev="HEAD").findings == in_work_tree
    assert check_in(repository, staged=True) == CheckReport(checked=0, findings=())


@pytest.mark.parametrize("what", ERRORS)
def test_fixing_is_idempotent_and_loses_nothing_that_it_cannot_mend(repository: Path, what: str) -> None:
    damage, rule, path, _, fixable = ERRORS[what]
    damage(repository)
    first = check_in(repository, fix=True)
    assert not any(finding.fixable for finding in first.findings)
    if fixable:
        assert (rule, path) in [(finding.rule, finding.path) for finding in first.fixed]
        assert first.findings == ()
    else:
        assert rule in {finding.rule for finding in first.findings}
    after = dirty(repository)
    second = check_in(repository, fix=True)
    assert second.fixed == ()
    assert second.findings == first.findings
    assert dirty(repository) == after
    assert leftovers(repository) == []


def test_a_clone_of_the_samples_has_no_findings(repository: Path) -> None:
    assert check_in(repository) == CheckReport(checked=4, findings=())
    assert check_in(repository, rev="HEAD") == CheckReport(checked=4, findings=())
    assert check_in(repository, staged=True) == CheckReport(checked=0, findings=())


def test_a_clone_of_real_exports_has_no_errors(corpus: Path, tmp_path: Path) -> None:
    real = clone(corpus / "archive", tmp_path / "real", code=5)
    report = check_in(real)
    assert report.checked > 3
    assert report.findings == ()


def test_every_rule_is_explained_and_tested() -> None:
    tested = {rule for _, rule, _, _, _ in ERRORS.values()} | {"layout-box"}
    of_graphs = {"double-node", "port-node", "unknown-node", "wrong-type"}
    of_services = {"double-member", "node-kind", "unknown-input", "unknown-output"}
    of_assets = {"asset-not-there", "asset-unlisted"}  # tested where there is a workspace
    assert set(RULES) == tested | of_graphs | of_services | of_assets


def test_one_bad_file_does_not_hide_the_findings_of_others(repository: Path) -> None:
    write(TRAIN, "{")(repository)
    replace(PYTHON, '"CommentCollapsed": true', '"CommentCollapsed":true')(repository)
    remove(R_SCRIPT)(repository)
    replace(SCORE, "Train Model 166-bb60", "Train Model 167-bb60")(repository)
    write(f"{TRAINING}/nodes/old.py", "pass\n")(repository)
    assert set(rules(check_in(repository))) == {
        ("json", TRAIN),
        ("normal-form", PYTHON),
        ("script-missing", R),
        ("dangling-source", SCORE),
        ("foreign-file", f"{TRAINING}/nodes/old.py"),
    }


def test_a_reference_to_a_node_that_cannot_be_read_is_not_dangling(repository: Path) -> None:
    write(PYTHON, CONFLICT)(repository)
    assert rules(check_in(repository)) == [("conflict-marker", PYTHON)]


def test_a_removed_node_leaves_a_dangling_source_and_a_forgotten_box(repository: Path) -> None:
    remove(SPLIT)(repository)
    report = check_in(repository)
    assert {(finding.rule, finding.severity) for finding in report.findings} == {("dangling-source", "error"), ("layout-box", "warning")}
    assert all("Split Data 153-bb60" in finding.message for finding in report.findings)


def test_a_forgotten_box_is_a_warning_and_is_removed(repository: Path) -> None:
    remove(EVALUATE)(repository)
    finding = one(check_in(repository))
    assert (finding.rule, finding.severity, finding.fixable, finding.path) == ("layout-box", "warning", True, LAYOUT)
    assert "Evaluate Model" in (repository / LAYOUT).read_text().splitlines()[(finding.line or 0) - 1]
    assert aml(repository, "check").code == OK
    assert check_in(repository, fix=True).findings == ()
    assert git(repository, "diff", "--stat").endswith("2 files changed, 15 deletions(-)")


def test_a_file_that_is_no_script_is_a_warning_and_an_ignored_one_nothing(repository: Path) -> None:
    write(f"{TRAINING}/nodes/notes.md", "x\n")(repository)
    write(f"{TRAINING}/nodes/backup.py~", "x\n")(repository)
    write(".gitignore", "*~\n")(repository)
    finding = one(check_in(repository))
    assert (finding.rule, finding.severity, finding.path) == ("foreign-file", "warning", f"{TRAINING}/nodes/notes.md")


def test_files_of_the_users_own_are_no_findings(repository: Path) -> None:
    write(f"{TRAINING}/README.md", "<<<<<<< a drawing\n")(repository)
    (repository / "experiments" / "notes").mkdir()
    write("experiments/notes/todo.txt", "x\n")(repository)
    assert check_in(repository) == CheckReport(checked=4, findings=())


def test_a_decision_allows_what_may_be_a_secret(repository: Path) -> None:
    append(PYTHON_SCRIPT, f"key = '{KEY}'\n")(repository)
    finding = one(check_in(repository))
    assert finding.hint is not None
    assert text_hash(KEY) in finding.hint
    aml(repository, "secret", "allow", text_hash(KEY)).expect(OK)
    assert check_in(repository).findings == ()


def test_a_place_that_is_to_be_replaced_is_a_secret_until_it_is(repository: Path) -> None:
    append(PYTHON_SCRIPT, f"key = '{KEY}'\n")(repository)
    place = "60959711486b2ce482976a3ae4cef45b/bb60c20a-54d3-4833-ac2b-6e112f31808e-125/R Script"
    append(".amlgit", f'\n[secrets]\nreplace = ["{place}"]\n')(repository)
    finding = one(check_in(repository))
    assert (finding.rule, finding.path) == ("secret", PYTHON_SCRIPT)
    replace(PYTHON_SCRIPT, KEY, "${secret:key}")(repository)
    assert check_in(repository).findings == ()


def test_no_message_holds_a_secret_that_stands_where_a_name_belongs(repository: Path) -> None:
    replace(TRAIN, "Split Data 153-bb60:Results dataset1", f"AccountKey={KEY}:x")(repository)
    run = aml(repository, "check")
    run.expect(FINDINGS)
    assert KEY[:20] not in run.out + run.err
    assert KEY[:20] not in aml(repository, "check", "--json").out + aml(repository, "check", "--sarif").out

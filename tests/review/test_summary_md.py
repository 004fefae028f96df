"""The comment on a pull request: risks first, a picture that draws, nothing that a host obeys, never larger than a host takes."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from amlgit.compare.diff import diff
from amlgit.model.jsontext import dumps
from amlgit.review.names import Names
from amlgit.review.summary_md import LIMIT, Entry, comment
from benchmarks import generate, variants
from tests.support.commands import OK, PARTLY, USAGE, aml, clone_samples
from tests.support.exports import Document, save
from tests.support.repositories import commit_all, replace_in


@pytest.fixture
def churn(tmp_path: Path) -> Path:
    return clone_samples(tmp_path / "r")


def test_the_risks_stand_before_the_picture_and_the_changes(churn: Path) -> None:
    out = aml(churn, "review", "Customer churn - training@1", "Customer churn - training@2", "--md").expect(OK).out
    places = [out.index(part) for part in ("1 thing deserves a second look", "**Split changed.**", "```mermaid", "The changes", "- `>` Dataset")]
    assert places == sorted(places)
    assert ' n1["' in out
    assert "==>|+|" in out
    assert "-.->|" in out


def entry(old: Document, new: Document, title: str = "Trial") -> Entry:
    difference = diff(old, new)
    return Entry(
        title=title,
        name=f"experiments/{title}",
        state="",
        summary="much",
        diff=difference,
        old=old,
        new=new,
        names=Names(old, new, {}, difference.recreated),
        risks=(),
        is_whole=False,
    )


def test_a_comment_that_would_be_too_long_is_cut_and_says_what_is_left_out() -> None:
    old = generate.experiment(300, 1)
    new = variants.variant(old, 1)
    for node in new["Graph"]["ModuleNodes"]:
        node["Comment"] = f"{node['Id']} " * 20
    text = comment("A", "B", [entry(old, new)])
    assert len(text) <= LIMIT
    assert "**Cut:** " in text
    assert "groups of changes did not fit" in text
    assert text.count("<details>") == text.count("</details>") == 1
    assert "more changed nodes are not in the picture" in text
    assert MarkdownIt().render(text).count("<pre>") == text.count("```mermaid") + text.count("```diff")


@pytest.mark.parametrize("limit", [700, 1_000, 3_000, 10_000])
def test_any_limit_holds(limit: int) -> None:
    old = generate.experiment(30, 1)
    entries = [entry(old, variants.variant(old, seed), f"Trial {seed}") for seed in range(40)]
    text = comment("A" * 2000, "B", entries, ["experiments/x: it can't be read"] * 50, limit)
    assert len(text) <= limit
    assert "**Cut:** " in text


def test_nothing_in_it_that_comes_from_an_experiment_means_anything_to_the_host(tmp_path: Path) -> None:
    old = generate.experiment(5, 1)
    new = generate.experiment(5, 1)
    evil = '</details><script>alert(1)</script> @octocat #1 ```\n"]; click n1 "javascript:1"'
    new["Description"] = evil
    for node in new["Graph"]["ModuleNodes"]:
        node["Comment"] = evil
        node["ModuleParameters"] = [{**one, "Name": evil} for one in node["ModuleParameters"][:1]]
    paths = [save(tmp_path, name, dumps(document)) for name, document in (("old.json", old), ("new.json", new))]
    out = aml(tmp_path, "review", "--no-index", *paths).expect(OK).out
    html = MarkdownIt("commonmark", {"html": True}).render(out)
    assert "<script" not in html
    assert html.count("</details>") == 1
    assert "@octocat" not in re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL)  # where a host looks for mentions
    assert "click n1" not in out.partition("```mermaid")[2].partition("```")[0]


def test_a_host_that_draws_no_mermaid_gets_none(churn: Path) -> None:
    versions = ("Customer churn - training@7", "Customer churn - training@8")
    whole, plain = (aml(churn, "review", *versions, "--md", *more).expect(OK).out for more in ((), ("--no-picture",)))
    assert "```mermaid" in whole
    assert "```mermaid" not in plain
    assert plain.count("The changes") == whole.count("The changes") == 1
    assert "--no-picture goes with --md" in aml(churn, "review", *versions, "--no-picture", "--json").expect(USAGE).err


def test_no_change_is_said_in_two_words(churn: Path) -> None:
    assert "No changes." in aml(churn, "review").expect(OK).out


def test_what_can_not_be_compared_is_said_at_once_and_is_not_no_change(churn: Path) -> None:
    broken = next((churn / "experiments").glob("*training*")) / "experiment.json"
    broken.write_text("{")
    commit_all(churn)
    out = aml(churn, "review", "HEAD~1..HEAD").expect(PARTLY).out
    assert "No changes" not in out
    assert "**1 experiment or service can't be compared**" in out.splitlines()[2]
    assert "No changes" not in aml(churn, "diff", "HEAD~1..HEAD", "--md").expect(PARTLY).out
    aml(churn, "review", "HEAD~1..HEAD", "--html", "../page.html").expect(PARTLY)
    page = (churn.parent / "page.html").read_text(encoding="utf-8")
    assert "No changes" not in page
    assert "<h1>1 experiment or service can&#x27;t be compared</h1>" in page
    replace_in(next((churn / "experiments").glob("*scoring*")) / "experiment.json", '"Description": "', '"Description": "New ')
    out = aml(churn, "review", "HEAD~1").expect(PARTLY).out
    assert "**1 change** in 1 experiment or service; **1 can't be compared**." in out

"""What the tests of merges share: a small repository with one experiment, and two branches that edit it."""

from pathlib import Path

from tests.support.commands import clone, git
from tests.support.exports import PYTHON, SPLIT, experiment, save
from tests.support.repositories import commit_all, folder, replace_in

FOLDER = "experiments/Trial-aaaaaa"
PAGE, LAYOUT = f"{FOLDER}/experiment.json", f"{FOLDER}/layout.json"
SCRIPT_NODE, SCRIPT = (f"{FOLDER}/nodes/Execute Python Script 1-0001.{extension}" for extension in ("json", "py"))
SPLIT_NODE, LAST_NODE = f"{FOLDER}/nodes/Split Data 2-0002.json", f"{FOLDER}/nodes/Split Data 3-0003.json"
FRACTION, MODE = '"Value": "0.5"', '"Value": "Split Rows"'
FED = '"Source": "Execute Python Script 1-0001:Result Dataset"'
LAST_FED = '"Source": "Split Data 2-0002:Result Dataset"'

Edit = tuple[str, str, str]
"""A path, what stands there, what is to stand there."""

FRACTION_3, FRACTION_4 = ((SPLIT_NODE, FRACTION, f'"Value": "0.{digit}"') for digit in "34")
RANDOM_MODE: Edit = (SPLIT_NODE, MODE, '"Value": "Regular Expression"')
COMMENTED: Edit = (SPLIT_NODE, '"Comment": ""', '"Comment": "halves"')
RETITLED: Edit = (PAGE, '"Description": "Trial"', '"Description": "Trial of May"')
CLASH = [FRACTION_3], [FRACTION_4]
APART = [FRACTION_3], [RANDOM_MODE]


def start(tmp_path: Path, title: str = "Trial") -> Path:
    """A repository with one experiment: a script that feeds a split that feeds a split."""
    save(tmp_path / "archive", "trial.json", experiment(title, nodes=(PYTHON, SPLIT, SPLIT)))
    repository = clone(tmp_path / "archive", tmp_path / "repository")
    if title == "Trial":
        assert folder(repository, title) == repository / FOLDER
    return repository


def edit(repository: Path, *edits: Edit) -> None:
    """Edit files as a person would."""
    for path, old, new in edits:
        replace_in(repository / path, old, new)


def remove(repository: Path, *paths: str) -> None:
    """Remove files, and whatever is said about their nodes elsewhere, as Studio does."""
    for path in paths:
        stem = Path(path).stem
        for file in (repository / FOLDER).rglob("*.json"):
            text = file.read_text()
            if f'"{stem}' in text and file.stem != stem:
                file.write_text(_without(text, stem))
        for file in (repository / path).parent.glob(f"{stem}.*"):
            file.unlink()


def _without(text: str, stem: str) -> str:
    lines = [line for line in text.split("\n") if f'{{"Node": "{stem}"' not in line]
    kept = [
        line.partition(f', "Source": "{stem}:')[0] + ("}" + "," * line.endswith(",") if f', "Source": "{stem}:' in line else "") for line in lines
    ]
    return "\n".join(line.removesuffix(",") if kept[index + 1].strip() in ("]", "],") else line for index, line in enumerate(kept[:-1])) + "\n"


def fork(repository: Path, ours: list[Edit], theirs: list[Edit]) -> None:
    """Two branches that go on from one commit, `main` (checked out) and `theirs`."""
    on_theirs(repository, theirs)
    edit(repository, *ours)
    commit_all(repository, "ours")


def on_theirs(repository: Path, edits: list[Edit], *, removed: tuple[str, ...] = ()) -> None:
    """A commit on the branch `theirs`; `main` stays checked out."""
    git(repository, "checkout", "--quiet", "-B", "theirs")
    edit(repository, *edits)
    remove(repository, *removed)
    commit_all(repository, "theirs")
    git(repository, "checkout", "--quiet", "main")


def conflict(ours: str, theirs: str) -> str:
    """A conflict as it stands in a file, whatever the sides are called."""
    return f"<<<<<<<\n{ours}=======\n{theirs}>>>>>>>\n"


def without_names(text: str) -> str:
    """A file with the names of the sides left out of the markers."""
    return "".join(line[:7] + "\n" if line.startswith(("<" * 7, ">" * 7)) else line for line in text.splitlines(keepends=True))

"""Archives with an owner's words in every place, and what is left of them."""

from pathlib import Path

from tests.support.commands import OK, Run, aml
from tests.support.exports import DAY, OTHER_FAMILY, T0, experiment, save

OWN = "Qorvanth"


def owned(archive: Path) -> Path:
    """Runs and drafts of two experiments, with somebody's own in titles, people, texts, scripts and names of files."""
    for number in range(1, 4):
        script = f"def azureml_main(frame):\n    # for {OWN}\n    return frame[frame.{OWN} > {number}],\n"
        run = experiment(f"{OWN} sales", created=T0 + number * DAY, run=number, script=script, creator=f"{OWN}.doe", summary=f"{OWN}\n\n{number}")
        save(archive, f"runs/{OWN} {number}.json", run)
    for day in (1, 2):
        draft = experiment(f"{OWN} drafts", family=OTHER_FAMILY, created=T0, fraction=f"0.{day}", creator=None)
        save(archive, f"{OWN}/2016-03-0{day}/draft.json", draft)
    return archive


def key_of(folder: Path, byte: bytes = b"k") -> Path:
    path = folder / f"key {byte.decode()}"
    path.write_bytes(byte * 32)
    return path


def anonymize(source: Path, destination: Path, *options: str | Path, code: int = OK) -> Run:
    return aml(source.parent, "anonymize", *options, source, destination).expect(code)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

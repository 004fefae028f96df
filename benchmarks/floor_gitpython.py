"""What most tools of this kind do: write a version's file, add it, commit it, by GitPython, version by version."""

import sys
from pathlib import Path

from git import Repo


def main(archive: str, target: str, number: str) -> None:
    """Commit the first `number` files of an archive, as they are, one after the other."""
    repository = Repo.init(target)
    file = Path(target, "experiment.json")
    for path in sorted(Path(archive).glob("*/*.json"))[: int(number)]:
        file.write_bytes(path.read_bytes())
        repository.index.add([str(file)])
        repository.index.commit(path.stem)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What most tools of this kind do: write a version's files, add them, commit them, by GitPython, version by version."""

import sys
from pathlib import Path
from time import perf_counter

from git import Repo


def main(versions: str, target: str) -> None:
    """Commit each version that `floor_stream.unpack` wrote; print the seconds that took, the first one excepted."""
    repository = Repo.init(target)
    begun = 0.0
    for version in sorted(Path(versions).iterdir()):
        gone = [str(Path(target, name)) for name in (version / "gone").read_text(encoding="utf-8").splitlines()]
        if gone:
            repository.index.remove(gone, working_tree=True)
        added = []
        for file in sorted(path for path in (version / "new").rglob("*") if path.is_file()):
            place = Path(target, file.relative_to(version / "new"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
            added.append(str(place))
        repository.index.add(added)
        repository.index.commit(version.name)
        begun = begun or perf_counter()
    print(perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What the measurements work on: archives made when they are asked for, and how much of everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import generate


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """The folder to work in, and how many snapshots and rounds; archives that are there already are used again."""

    folder: Path
    variables: Mapping[str, str]
    many: int
    few: int
    loop: int
    rounds: int
    starts: int

    def archive(self, nodes: int, snapshots: int) -> Path:
        """An archive of one experiment."""
        folder = self.folder / f"archive-{nodes}-{snapshots}"
        experiment = folder / "experiment-001"
        if not experiment.is_dir() or len(list(experiment.iterdir())) < snapshots:
            generate.write(folder, nodes=nodes, snapshots=snapshots, experiments=1, seed=1)
        return folder

    def mixed_archive(self, nodes: int, experiments: int, snapshots: int) -> Path:
        """An archive whose first files are the first runs of different experiments, followed by the runs of one."""
        folder = self.folder / f"mixed-{nodes}-{experiments}-{snapshots}"
        if not folder.is_dir():
            generate.write(folder / "aside", nodes=nodes, snapshots=1, experiments=experiments, seed=2)
            (folder / "first").mkdir()
            for number, file in enumerate(sorted((folder / "aside").glob("*/*.json"))):
                file.rename(folder / "first" / f"{number:04}.json")
            generate.write(folder / "warm", nodes=nodes, snapshots=snapshots, experiments=1, seed=3)
        return folder

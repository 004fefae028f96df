"""Write the sample archive into a folder."""

import argparse
from pathlib import Path

from .churn import scoring, training
from .definition import definitions
from .sensors import sensors
from .wire import exports


def main() -> None:
    """Write every file of the archive under the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    files = dict(definitions())
    for experiment in (sensors(), training(), scoring()):
        files |= exports(experiment)
    for path, text in sorted(files.items()):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())


if __name__ == "__main__":
    main()

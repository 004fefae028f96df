"""A floor: a fast JSON library parses every file of an archive and keeps nothing."""

import sys
from pathlib import Path


def main(library: str, folder: str) -> None:
    """Parse each file of the folder's folders with `orjson` or `msgspec`."""
    if library == "orjson":
        from orjson import loads as decode
    else:
        from msgspec.json import decode
    for path in sorted(Path(folder).glob("*/*.json")):
        decode(path.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The floor of a clone from a workspace: the same bodies fetched by `requests` and thrown away, in one thread or in several.

python benchmarks/floor_requests.py URL-OF-EXPERIMENTS IDS THREADS     (the token in AMLGIT_TOKEN)
"""

import os
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue

import requests


def main() -> None:
    """Fetch every experiment that the file IDS names, each thread over a connection of its own."""
    url, ids, threads = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8").split(), int(sys.argv[3])
    waiting: SimpleQueue[str] = SimpleQueue()
    for each in ids:
        waiting.put(each)
    workers = [threading.Thread(target=_fetch, args=(url, waiting)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _fetch(url: str, waiting: "SimpleQueue[str]") -> None:
    with requests.Session() as session:
        session.headers["x-ms-metaanalytics-authorizationtoken"] = os.environ["AMLGIT_TOKEN"]
        while True:
            try:
                each = waiting.get_nowait()
            except Empty:
                return
            response = session.get(f"{url}/{each}", timeout=60)
            response.raise_for_status()
            assert response.content


if __name__ == "__main__":
    main()

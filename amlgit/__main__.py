"""`python -m amlgit` is `amlgit`."""

from amlgit.cli.main import main

if __name__ == "__main__":
    main()

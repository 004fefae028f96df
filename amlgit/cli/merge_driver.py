"""merge-driver, which git starts once for every file of a merge: it imports nothing that it does not need."""

from pathlib import Path

import click


@click.command("merge-driver", hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("theirs", type=click.Path(path_type=Path))
@click.argument("size", type=int)
@click.argument("path")
@click.argument("labels", nargs=-1)
def merge_driver(base: Path, ours: Path, theirs: Path, size: int, path: str, labels: tuple[str, ...]) -> int:
    """Git's merge driver: merge into OURS; exits with 1 where there are conflicts in it."""
    from amlgit.compare.page_merge import Style
    from amlgit.workflows.merge_driver import merge_driver as workflow

    def style() -> Style:
        from amlgit.store.text_merge import style_of

        return style_of(size, labels)

    return 0 if workflow(path, base, ours, theirs, style).is_clean else 1


COMMANDS = {"merge-driver": merge_driver}

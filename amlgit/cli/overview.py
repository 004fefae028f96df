"""What `amlgit --help` lists: the verbs by what they are for, in a few words each; their own help says the rest."""

from collections.abc import Mapping

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Begin": {
        "clone": "Make a git repository of an archive or a workspace",
        "init": "Make a repository ready for experiments",
        "install": "Set up this clone: merge driver, fetch of the record, hooks",
        "uninstall": "Take that out again",
        "remote": "Add, list and remove archives and workspaces",
        "login": "Keep the token of a workspace",
        "config": "List the configuration, or every key it may have",
    },
    "Get versions in and out": {
        "fetch": "Take new versions into the record",
        "pull": "Fetch, and bring the branch up to it",
        "import": "Take exported files in as new versions",
        "export": "Write a version, or the work tree, as one JSON file",
        "rm": "Remove an experiment, here or in its workspace",
    },
    "Look at them": {
        "status": "Show what is edited here, and what is new at a remote",
        "log": "List versions, and what each changed",
        "show": "Show an experiment as a readable outline or as a picture",
        "diff": "Show what changed between commits, versions or files",
        "review": "Show a change with its risks and a picture",
        "blame": "Show which version and which commit set each value",
        "map": "Show which run a commit holds, and which commits a run",
        "tag": "Make a git tag that says which versions it holds",
        "site": "Write a static site of all experiments",
    },
    "Change them together": {
        "check": "Check experiments: JSON, graph, scripts, secrets",
        "merge": "Merge a commit, experiments by identity",
        "resolve": "List conflicts, and settle them",
        "layout": "Place the boxes of an experiment anew",
        "comment": "Keep a comment on a pull request up to date, in CI",
    },
    "Work with a workspace": {
        "push": "Save what is committed there; or share the record",
        "run": "Run an experiment, and fetch the run",
        "copy": "Copy an experiment into another workspace",
        "bind": "Bind a folder to an experiment that is there",
        "emulator": "Run an embedded Studio, for trying things out",
    },
    "Keep secrets": {
        "secret": "List what was kept out of git, and decide what waits",
        "anonymize": "Make a copy that can be shown to others",
    },
    "Shell": {
        "completion": "Print a script that completes verbs and options",
    },
}
"""Heading → verb → what it does. Verbs that git calls are not for people, and in no group."""

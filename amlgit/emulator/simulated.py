"""What stands in for the results of a run: nothing was computed, and every byte says so."""

from amlgit.emulator.wire import dumps

NOTE = "SIMULATED: this emulator ran no computation; there is no result behind this output"
HEADER = {"x-amlgit-simulated": "true"}


def content(name: str) -> tuple[bytes, str]:
    """The bytes and the media type of a simulated blob."""
    extension = name.rpartition(".")[2]
    if extension in {"visualization", "schema", "runtimeinfo"}:
        return dumps({"simulated": True, "message": NOTE}), "application/json; charset=utf-8"
    if extension == "dataset":
        return f"simulated\r\n{NOTE}\r\n".encode(), "text/csv; charset=utf-8"
    return f"{NOTE}\r\n".encode(), "text/plain; charset=utf-8"

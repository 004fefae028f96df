"""What can be set when the emulator starts."""

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How long things take and how large they may be."""

    node_seconds: float = 0.4
    """How long each node of a run takes, and how long a run waits in its queue."""
    schema_seconds: float = 0.2
    """How long the schema of a new dataset, a package or a custom module takes."""
    link_seconds: float = 24 * 3600.0
    """How long a signed link is good for."""
    max_json: int = 32 * MEGABYTE
    max_upload: int = 1024 * MEGABYTE

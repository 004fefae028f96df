"""No text, whatever it is made of, keeps its reader busy for longer than its length is worth: that would hang a hook or a clone."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hostile import READERS


@pytest.mark.parametrize("reader", READERS)
def test_reading_a_long_text_comes_to_an_end(reader: str) -> None:
    program = [sys.executable, "-c", f"from tests.support.hostile import look; look({reader!r})"]
    subprocess.run(program, cwd=Path(__file__).parents[2], check=True, timeout=120)  # seconds, for what takes a few, or else many minutes

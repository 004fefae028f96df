"""A bounded memory of what was already written: most of a version is the version before."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Memo(Generic[Value]):
    """A dictionary that forgets what was not asked for during the last `size` additions."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[object, Value] = {}
        self._old: dict[object, Value] = {}

    def make_room(self, entries: int) -> None:
        """Remember at least so many: what one document comes to has to fit in."""
        self._size = max(self._size, entries)

    def get(self, key: object) -> Value | None:
        """What was put under `key`, if it is still known."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: object, value: Value) -> Value:
        """Remember `value` and give it back."""
        if len(self._young) >= self._size:
            self._old, self._young = self._young, {}
        self._young[key] = value
        return value

"""The planes that are not built yet: they answer, and say so (protocol, section 1.1)."""

from collections.abc import Sequence

from amlgit.emulator.wire import ApiError

_SCORING = "scoring"
_PLANES = {"workspaces": "classic web-service management", "subscriptions": "Azure Resource Manager"}


def unbuilt(parts: Sequence[str]) -> ApiError | None:
    """What to say if the path is one of a plane that is not built."""
    lower = [part.lower() for part in parts]
    if len(lower) > 2 and lower[0] in _PLANES and lower[2] == "services":
        plane = _SCORING
    elif lower and lower[0] in _PLANES:
        plane = _PLANES[lower[0]]
    elif lower[:2] == ["api", "workspaces"] and lower[-1] in {"webservice", "webservicedefinition"}:
        plane = "web services made of experiments"
    else:
        return None
    return ApiError(501, "NotImplemented", f"The emulator does not have this plane yet: {plane}.", "PlaneNotBuilt")

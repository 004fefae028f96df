"""Drafts of many subjects, made by this process and a second one: each takes window after window, and they come out in their order.

The second process is a fork of this one. It knows the subjects, so it is asked by the number of a window; it ends when this process
does, however that ends; and what it does not answer, this process drafts itself. Who drafts a window has no influence on the drafts.
"""

import contextlib
import os
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from amlgit.model import frames
from amlgit.workflows.drafting import Drafter, Outcome, Subject

_MOST_SUBJECTS, _MOST_BYTES = 64, 6_000_000
"""What a window holds: enough that most of a version is known from the version before, and not too much to be kept a few times."""
_WORTH_IT = 4
"""Windows from which a second process saves more than it costs."""
_ASKED, _KEPT = 2, 2
"""Windows that the second process is asked for at a time, and windows of its own that this one has ready meanwhile."""

_Window = Sequence[Subject]
_Value = TypeVar("_Value")
_NUMBER_BYTES = 8
_PIECE = 1 << 18


@contextmanager
def drafting(drafter: Drafter, subjects: Sequence[Subject], *, is_divisible: bool) -> Iterator[Callable[[Subject], Outcome]]:
    """What drafts the subjects, one by one in their order; some may be passed over.

    With `is_divisible`, two processes can read the documents at once.
    """
    windows = _windows(subjects) if is_divisible else []
    # a fork takes no other thread along, nor gives it back what it holds
    if len(windows) < _WORTH_IT or not hasattr(os, "fork") or threading.active_count() > 1:
        yield drafter.outcome
        return
    helper = _Helper(drafter, windows)
    try:
        drafted = _drafted(drafter, windows, helper)
        yield lambda subject: next(outcome for known, outcome in drafted if known is subject)
    finally:
        helper.end()


def _windows(subjects: Sequence[Subject]) -> Sequence[_Window]:
    found: list[list[Subject]] = []
    size = _MOST_BYTES
    for subject in subjects:
        size += subject.document.size
        if size > _MOST_BYTES or len(found[-1]) == _MOST_SUBJECTS:
            found.append([])
            size = subject.document.size
        found[-1].append(subject)
    return found


def _drafted(drafter: Drafter, windows: Sequence[_Window], helper: "_Helper") -> Iterator[tuple[Subject, Outcome]]:
    waiting = deque(range(len(windows)))
    asked: deque[int] = deque()
    done: dict[int, Sequence[Outcome]] = {}
    for number, window in enumerate(windows):
        while number not in done:
            while waiting and len(asked) < _ASKED and helper.ask(waiting[0]):
                asked.append(waiting.popleft())
            answer = helper.answer(wait=not waiting or len(done) == _KEPT) if asked else None
            if answer is not None:
                done[asked.popleft()] = answer
            elif helper.is_gone and asked:
                waiting.extendleft(reversed(asked))
                asked.clear()
            else:
                mine = waiting.popleft()
                done[mine] = [drafter.outcome(subject) for subject in helper.heard_between(windows[mine])]
        yield from zip(window, helper.heard_between(done.pop(number)), strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The drafts of a window; what is in their files once for all of them."""

    data: Mapping[str, bytes]
    outcomes: Sequence[Outcome]


def _pack(outcomes: Sequence[Outcome]) -> bytes:
    data: dict[str, bytes] = {}
    bare: list[Outcome] = []
    for outcome in outcomes:
        if outcome.draft is not None:
            data.update(outcome.draft.data)
            outcome = replace(outcome, draft=replace(outcome.draft, data={}))  # noqa: PLW2901  # the same without its data
        bare.append(outcome)
    return frames.pack(_Answer(data=data, outcomes=bare))


def _unpack(frame: bytes) -> Sequence[Outcome]:
    answer = frames.unpack(frame, _Answer)
    return [outcome if outcome.draft is None else replace(outcome, draft=replace(outcome.draft, data=answer.data)) for outcome in answer.outcomes]


class _Helper:
    """The second process, seen from the first."""

    def __init__(self, drafter: Drafter, windows: Sequence[_Window]) -> None:
        import multiprocessing  # costs as much as a small command

        (questions, self._questions), (self._answers, answers) = os.pipe(), os.pipe()
        ours, theirs = (self._questions, self._answers), (questions, answers)
        arguments = (drafter, windows, os.getpid(), ours, theirs)
        self._process = multiprocessing.get_context("fork").Process(target=_serve, args=arguments, daemon=True)
        # who interrupts both is to be heard by one alone, who then ends the other
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(questions)
        os.close(answers)
        os.set_blocking(self._answers, False)
        self._heard = bytearray()
        self.is_gone = False

    def ask(self, number: int) -> bool:
        """Ask for a window; whether there is somebody to ask."""
        try:
            os.write(self._questions, number.to_bytes(_NUMBER_BYTES))
        except OSError:
            self.is_gone = True
        return not self.is_gone

    def heard_between(self, values: Iterable[_Value]) -> Iterator[_Value]:
        """The same values, and between them the second process is listened to: a pipe holds so little that it would have to wait."""
        for value in values:
            self._listen()
            yield value

    def answer(self, *, wait: bool) -> Sequence[Outcome] | None:
        """The drafts of the window that was asked for first, or None while there is no answer; with `wait`, only if there will be none."""
        while (frame := self._frame()) is None and not self.is_gone:
            if not self._listen():
                if not wait:
                    return None
                select.select([self._answers], [], [])
        return None if frame is None else _unpack(frame)

    def _frame(self) -> bytes | None:
        end = _NUMBER_BYTES + int.from_bytes(self._heard[:_NUMBER_BYTES])
        if len(self._heard) < max(end, _NUMBER_BYTES + 1):
            return None
        frame = bytes(self._heard[_NUMBER_BYTES:end])
        del self._heard[:end]
        return frame

    def _listen(self) -> bool:
        """Take in what was said; whether that was anything."""
        try:
            said = os.read(self._answers, _PIECE)
        except BlockingIOError:
            return False
        self._heard += said
        self.is_gone = self.is_gone or not said
        return bool(said)

    def end(self) -> None:
        """End the process."""
        os.close(self._questions)
        os.close(self._answers)
        self._process.kill()
        self._process.join()


def _serve(drafter: Drafter, windows: Sequence[_Window], parent: int, theirs: tuple[int, int], ours: tuple[int, int]) -> None:
    """What the second process does, until there is no first one any more."""
    for end in theirs:
        os.close(end)
    # whatever goes wrong here: the first process drafts the window itself, and tells what it meets
    with contextlib.suppress(Exception), open(ours[0], "rb", buffering=0) as questions, open(ours[1], "wb") as answers:
        while question := questions.read(_NUMBER_BYTES):
            outcomes = []
            for subject in windows[int.from_bytes(question)]:
                if os.getppid() != parent:  # the lock that it held is ours as long as we are there
                    return
                outcomes.append(drafter.outcome(subject))
            frame = _pack(outcomes)
            answers.write(len(frame).to_bytes(_NUMBER_BYTES))
            answers.write(frame)
            answers.flush()

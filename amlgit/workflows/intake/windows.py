"""The same work on many items, done by this process and a second one: each takes window after window, and the results come in order.

The second process is a fork of this one. It knows the items, so it is asked by the number of a window; it ends when this process
does, however that ends; and what it does not answer, this process does itself. Who does a window has no influence on the results.
"""

import contextlib
import os
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

_MOST_ITEMS, _MOST_BYTES = 64, 6_000_000
"""What a window holds: enough that most of an item is known from the item before, and not too much to be kept a few times."""
_WORTH_IT = 4
"""Windows from which a second process saves more than it costs."""
_ASKED, _KEPT = 2, 2
"""Windows that the second process is asked for at a time, and windows of its own that this one has ready meanwhile."""

Item = TypeVar("Item")
Result = TypeVar("Result")
_Value = TypeVar("_Value")
_NUMBER_BYTES = 8
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[Item, Result]):
    """What is done to each item, and how the results of a window travel from one process to the other."""

    do: Callable[[Item], Result]
    size: Callable[[Item], int]
    """How many bytes an item stands for."""
    pack: Callable[[Sequence[Result]], bytes]
    unpack: Callable[[bytes], Sequence[Result]]


@contextmanager
def results(work: Work[Item, Result], items: Sequence[Item], *, is_divisible: bool) -> Iterator[Iterator[tuple[Item, Result]]]:
    """Each item with what the work makes of it, in their order.

    With `is_divisible`, two processes can read at once what the items stand for.
    """
    windows = _windows(work, items) if is_divisible else []
    # a fork takes no other thread along, nor gives it back what it holds
    if len(windows) < _WORTH_IT or not hasattr(os, "fork") or threading.active_count() > 1:
        yield ((item, work.do(item)) for item in items)
        return
    helper = _Helper(work, windows)
    try:
        yield _done(work, windows, helper)
    finally:
        helper.end()


def _windows(work: Work[Item, Result], items: Sequence[Item]) -> Sequence[Sequence[Item]]:
    found: list[list[Item]] = []
    size = 0
    for item in items:
        size += work.size(item)
        if not found or size > _MOST_BYTES or len(found[-1]) == _MOST_ITEMS:
            found.append([])
            size = work.size(item)
        found[-1].append(item)
    return found


def _done(work: Work[Item, Result], windows: Sequence[Sequence[Item]], helper: "_Helper[Item, Result]") -> Iterator[tuple[Item, Result]]:
    waiting = deque(range(len(windows)))
    asked: deque[int] = deque()
    done: dict[int, Sequence[Result]] = {}
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
                done[mine] = [work.do(item) for item in helper.heard_between(windows[mine])]
        yield from zip(window, helper.heard_between(done.pop(number)), strict=True)


class _Helper(Generic[Item, Result]):
    """The second process, seen from the first."""

    def __init__(self, work: Work[Item, Result], windows: Sequence[Sequence[Item]]) -> None:
        import multiprocessing  # costs as much as a small command

        self._unpack = work.unpack
        (questions, self._questions), (self._answers, answers) = os.pipe(), os.pipe()
        ours, theirs = (self._questions, self._answers), (questions, answers)
        arguments = (work, windows, os.getpid(), ours, theirs)
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

    def answer(self, *, wait: bool) -> Sequence[Result] | None:
        """The results of the window that was asked for first, or None while there is no answer; with `wait`, only if there will be none."""
        while (frame := self._frame()) is None and not self.is_gone:
            if not self._listen():
                if not wait:
                    return None
                select.select([self._answers], [], [])
        return None if frame is None else self._unpack(frame)

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


def _serve(work: Work[Item, Result], windows: Sequence[Sequence[Item]], parent: int, theirs: tuple[int, int], ours: tuple[int, int]) -> None:
    """What the second process does, until there is no first one any more."""
    for end in theirs:
        os.close(end)
    # whatever goes wrong here: the first process does the window itself, and tells what it meets
    with contextlib.suppress(Exception), open(ours[0], "rb", buffering=0) as questions, open(ours[1], "wb") as answers:
        while question := questions.read(_NUMBER_BYTES):
            found = []
            for item in windows[int.from_bytes(question)]:
                if os.getppid() != parent:  # the lock that it held is ours as long as we are there
                    return
                found.append(work.do(item))
            frame = work.pack(found)
            answers.write(len(frame).to_bytes(_NUMBER_BYTES))
            answers.write(frame)
            answers.flush()

"""Worker processes: batches of work for a module of this program that runs in several processes.

A batch and its answer are a line of JSON each. A worker answers one batch before it gets the next. An empty batch is
the last one. A worker whose input ends without one has lost its parent, and ends without an answer.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec

from forensics.runtime import start_python

Answer = TypeVar("Answer")
_PIECE_BYTES = 1 << 16


class WorkerDied(Exception):
    """A worker process ended before its work was done; the message says how."""


def run_workers(
    module: str,
    arguments: Iterable[Sequence[str]],
    batches: Iterator[Sequence[object]],
    type_: type[Answer],
    *,
    first: object = None,
    defaults: Mapping[str, str] | None = None,
) -> Generator[Answer]:
    """Hand each batch to a worker that is free, and yield the answers as they come. Close the generator to end them.

    Args:
        module: the module whose `main` a worker runs; see `messages` and `reply`.
        arguments: the command-line arguments of each worker.
        batches: the work.
        type_: what an answer is.
        first: a message that each worker gets before its batches and does not answer.
        defaults: environment variables for the workers, unless the user has set them.

    Raises:
        WorkerDied: a worker ended early.
    """
    workers: list[_WorkerProcess] = []
    with selectors.DefaultSelector() as selector:
        try:
            for each in arguments:
                worker = _WorkerProcess(module, each, defaults)
                workers.append(worker)
                selector.register(worker.output, selectors.EVENT_READ, worker)
                if first is not None:
                    worker.send(first)
                worker.feed(next(batches, ()))
            while selector.get_map():
                for key, _ in selector.select():
                    worker = key.data
                    answer = worker.receive()
                    if answer is None:
                        continue
                    yield msgspec.json.decode(answer, type=type_)
                    if worker.is_closing:
                        selector.unregister(worker.output)
                    else:
                        worker.feed(next(batches, ()))
        finally:
            for worker in workers:
                worker.stop()


class _WorkerProcess:
    """A worker and the lines between it and us.

    It gets a batch only while it waits for one: were it writing an answer meanwhile, both could wait for ever.
    """

    def __init__(self, module: str, arguments: Sequence[str], defaults: Mapping[str, str] | None) -> None:
        self._process = start_python(module, *arguments, defaults=defaults)
        assert self._process.stdin and self._process.stdout
        self._input, self.output = self._process.stdin, self._process.stdout
        self._received = bytearray()
        self.is_closing = False

    def feed(self, batch: Sequence[object]) -> None:
        """Give the worker a batch; an empty one tells it that there is no more."""
        self.is_closing = not batch
        self.send(batch)

    def send(self, message: object) -> None:
        with suppress(BrokenPipeError):  # it has died, which its output tells
            self._input.write(msgspec.json.encode(message) + b"\n")
            self._input.flush()

    def receive(self) -> bytearray | None:
        """Return the answer once the whole line is there. Raises WorkerDied."""
        piece = os.read(self.output.fileno(), _PIECE_BYTES)
        if not piece:
            raise WorkerDied(self._how_it_ended())
        self._received += piece
        if not piece.endswith(b"\n"):
            return None
        answer, self._received = self._received, bytearray()
        return answer

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self.output.close()
        with suppress(BrokenPipeError):
            self._input.close()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if code == -signal.SIGKILL:
            return "a worker process was killed, as happens when memory runs out"
        if code < 0:
            return f"a worker process was ended by a signal: {signal.strsignal(-code) or -code}"
        return f"a worker process ended before its work was done, with exit code {code}"


def messages() -> Iterator[bytes]:
    """Yield what the parent sends to this worker; half a line is from a parent that was killed."""
    return (line for line in sys.stdin.buffer if line.endswith(b"\n"))


def reply(answer: object) -> None:
    """Send the answer to the parent of this worker, and end the worker if there is none any more."""
    try:
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)

"""Worker processes: runs a module of this package in several processes, which process batches of work.

Batches and answers are lines of JSON. A worker answers a batch before it receives the next one. An empty batch is the
last one. If the input ends without an empty batch, the parent has died, and the worker exits silently.
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

from forensics.processes.runtime import start_python

Answer = TypeVar("Answer")
_PIECE_BYTES = 1 << 16


class WorkerDied(Exception):
    """A worker process ended early. The message is the reason."""


def run_workers(
    module: str,
    arguments: Iterable[Sequence[str]],
    batches: Iterator[Sequence[object]],
    type_: type[Answer],
    *,
    first: object = None,
    defaults: Mapping[str, str] | None = None,
) -> Generator[Answer]:
    """Send each batch to an idle worker, and yield the answers as they arrive. Closing the generator ends the workers.

    Args:
        module: the module whose `main` each worker runs. It uses `messages` and `reply`.
        arguments: the command-line arguments of each worker.
        batches: the batches of work.
        type_: the type of an answer.
        first: a message that is sent to each worker before its batches and is not answered.
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
    """A worker process and its pipes.

    It is sent a batch only while it waits for one. If it were writing an answer then, both processes could deadlock.
    """

    def __init__(self, module: str, arguments: Sequence[str], defaults: Mapping[str, str] | None) -> None:
        self._process = start_python(module, *arguments, defaults=defaults)
        assert self._process.stdin and self._process.stdout
        self._input, self.output = self._process.stdin, self._process.stdout
        self._received = bytearray()
        self.is_closing = False

    def feed(self, batch: Sequence[object]) -> None:
        """Send the worker a batch; an empty batch is the last one."""
        self.is_closing = not batch
        self.send(batch)

    def send(self, message: object) -> None:
        with suppress(BrokenPipeError):  # `receive` raises WorkerDied
            self._input.write(msgspec.json.encode(message) + b"\n")
            self._input.flush()

    def receive(self) -> bytearray | None:
        """Return the answer, or None if its line is not complete yet. Raises WorkerDied."""
        piece = os.read(self.output.fileno(), _PIECE_BYTES)
        if not piece:
            raise WorkerDied(self._exit_reason())
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

    def _exit_reason(self) -> str:
        code = self._process.wait()
        if code == -signal.SIGKILL:
            return "a worker process was killed, probably because memory ran out"
        if code < 0:
            return f"a worker process was ended by a signal: {signal.strsignal(-code) or -code}"
        return f"a worker process ended early with exit code {code}"


def messages() -> Iterator[bytes]:
    """Yield the messages of the parent to this worker, without an incomplete line of a killed parent."""
    return (line for line in sys.stdin.buffer if line.endswith(b"\n"))


def reply(answer: object) -> None:
    """Send an answer to the parent of this worker; exit if the parent has died."""
    try:
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)

"""Signals that end a training in good order, Ctrl-C and SIGTERM; and what must not come between."""

import contextlib
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
_under_way: set[int] = set()  # threads that train


@contextlib.contextmanager
def on_signals(stop: Callable[[str], None], interrupt: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl-C and SIGTERM only call `stop("Ctrl-C")` or `stop("SIGTERM")`.

    A second Ctrl-C calls `interrupt()`, which may raise KeyboardInterrupt. A SIGTERM takes effect after the
    block, when everything is saved: it ends the process (the shell sees 143), or calls the handler that the
    caller had for it; until then more of them are ignored, because schedulers send several. A signal that was
    ignored stays so.
    """
    if not _in_main_thread():
        yield  # Python delivers signals to the main thread only
        return
    seen = set()

    def handle(number, frame):
        if number == signal.SIGINT and number in seen:
            interrupt()
        seen.add(number)
        stop(NAMES[number])

    # None: a handler that Python did not set and could not set again.
    previous = {number: handler for number in NAMES
                if (handler := signal.getsignal(number)) not in (None, signal.SIG_IGN)}
    try:
        for number in previous:
            signal.signal(number, handle)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if signal.SIGTERM in seen:
        sys.stdout.flush()  # a process that a signal ends does not
        sys.stderr.flush()
        signal.raise_signal(signal.SIGTERM)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, the death of a child is not told; it is afterwards."""
    children = {signal.SIGCHLD} if _in_main_thread() else set()
    signal.pthread_sigmask(signal.SIG_BLOCK, children)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, children)


@contextlib.contextmanager
def deaf(workers: int) -> Iterator[None]:
    """Inside, a worker that dies (of the signal that ends the run, say) makes torch raise nothing."""
    if not workers or not _in_main_thread():
        yield
        return
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Warn where another thread trains: what both draw from torch's one global generator is not repeated."""
    mine = threading.get_ident()
    if _under_way - {mine}:
        warnings.warn("another training is under way in this process; both draw from torch's global "
                      "generator, so dropout and augmentation will differ from run to run", stacklevel=4)
    nested = mine in _under_way
    _under_way.add(mine)
    try:
        yield
    finally:
        if not nested:
            _under_way.discard(mine)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()

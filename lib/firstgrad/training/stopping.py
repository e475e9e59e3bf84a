"""Signals that end a training in good order: Ctrl-C and SIGTERM."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


@contextlib.contextmanager
def on_signals(stop: Callable[[str], None], interrupt: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl-C and SIGTERM only call `stop("Ctrl-C")` or `stop("SIGTERM")`.

    A second Ctrl-C calls `interrupt()`, which may raise KeyboardInterrupt. A SIGTERM takes effect after the
    block, when everything is saved: it
    ends the process (the shell sees 143), or calls the handler that the caller had for it; until then more of
    them are ignored, because schedulers send several. A signal that was ignored stays so.
    """
    if threading.current_thread() is not threading.main_thread():
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

"""End of a process in which nothing runs any more.

A function in C that keeps the interpreter's lock, as a hungry regular expression does, stops every thread, timers and
handlers of signals included: SIGTERM is noted and never heeded. So a thread of `faulthandler`, which needs no lock,
ends the process unless Python sets its clock back every second. First it writes down where each thread was.
"""

import faulthandler
import threading
import time

# A process that is stopped and continued (SIGSTOP, `docker pause`) ends after so long as well: to a clock it is alike.
STUCK_SECONDS = 15.0
BEAT_SECONDS = 1.0


def watch() -> None:
    threading.Thread(target=_beat, name="carillon-watchdog", daemon=True).start()


def _beat() -> None:
    while True:
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        time.sleep(BEAT_SECONDS)

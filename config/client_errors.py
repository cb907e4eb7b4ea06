"""Log lines about requests that were refused: anybody can cause one, so each is short."""

import logging

MOST_CHARACTERS = 500


class OneLine(logging.Filter):
    """Cuts what Django logs of a 4xx answer to a line without a traceback, at most a warning."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.msg, record.args = " ".join(record.getMessage().split())[:MOST_CHARACTERS], ()
            record.exc_info = record.exc_text = None
            record.levelno = min(record.levelno, logging.WARNING)
            record.levelname = logging.getLevelName(record.levelno)
        return True

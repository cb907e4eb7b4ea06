"""English: day before month, and a clock of 24 hours."""

DATE_FORMAT, TIME_FORMAT = "j M Y", "H:i"
DATETIME_FORMAT = f"{DATE_FORMAT}, {TIME_FORMAT}"

"""Values that no client should send, and that some client will."""

from __future__ import annotations

LONG = 100_000
DEEP = 10_000

# As they stand in a query string, in a path or in a form: bytes, percent-encoded.
ENCODED = [
    "%00",
    "UTC%00",
    "%ed%a0%80%ff",
    "%e2%80%ae%ef%bf%bf",
    "%3Cscript%3E%27%3B%20DROP%20TABLE%20events%3B--%7B%7B7%2A7%7D%7D%7B%25%20x%20%25%7D%25s%25",
    "..%2F..%2Fetc%2Fpasswd",
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "18446744073709551616",
    "-1",
    "1" + "0" * 5000,
    "1e400",
    "NaN",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "9999-12-31T23:59:59-23:59",
    "",
    "%D9%A1",
    "x" * 3000,
]
# What forms have besides: JSON of their own.
JSON_IN_FORMS = ["%22%5Cu0000%22", "%7B%22x%22%3A%22%5Cud800%22%7D", "1e999", "%5B" * DEEP]
# One of each kind, where a request is dear and what reads it is always the same.
FEW = ["%ff", "18446744073709551616", "1" + "0" * 5000, "99999999999", "-1"]
FEWEST = FEW[:2]
# As they stand in JSON.
JSON = [
    r'"\u0000"',
    r'"UTC\u0000"',
    r'"\ud800"',
    r'"\u202e\uffff"',
    r'"<script>\'; DROP TABLE events;--{{7*7}}{% x %}%s"'.replace(r"\'", "'"),
    '"../../etc/passwd"',
    "2147483648",
    "9223372036854775808",
    "18446744073709551616",
    "-1",
    "1" + "0" * 5000,
    "1e400",
    "1.5",
    "NaN",
    '"0001-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59Z"',
    '"9999-12-31T23:59:59-23:59"',
    '"0001-01-01T00:00:00+23:59"',
    '""',
    "true",
    "null",
    "[]",
    "{}",
    '[{"x": [1]}]',
    "[" * DEEP + "]" * DEEP,
    f'"{"x" * LONG}"',
]

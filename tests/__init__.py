"""The suite. What it starts reads no .env of the checkout's: each test says what its processes are given."""

import os

os.environ.setdefault("ENV_FILE", "")

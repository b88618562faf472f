"""What holds for every test: a planted fault, when one is asked for, is in place before anything else is imported."""

import os

from tests.faults import plant

if name := os.environ.get("OPENHANDOVER_FAULT"):
    plant(name)

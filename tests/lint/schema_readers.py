"""The schema is read here as the build reads it."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schema"))

from declarations import declarations  # noqa: E402,F401
from generate_codes import read_codes  # noqa: E402,F401
from generate_marks import Schema, check, marks_of  # noqa: E402,F401

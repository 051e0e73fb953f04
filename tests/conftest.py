from __future__ import annotations

from ortools.sat.python import cp_model

cp_model.enable_warnings = True  # CamelCase names of CP-SAT then fail, because warnings are errors here

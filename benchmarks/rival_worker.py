"""What the rival runs, in its own interpreter: one roster, one limit; the answer as JSON on the last line.

``INTERPRETER rival_worker.py`` reads ``{"roster": [...], "constraints": [...], "size": k, "limit": s}`` from stdin.
Imports nothing of this project, so that the rival's environment need not have it.
"""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    import pandas as pd
    from team_formation.team_assignment import TeamAssignment

    asked = json.load(sys.stdin)
    start = time.perf_counter()
    teams = TeamAssignment(pd.DataFrame(asked["roster"]), pd.DataFrame(asked["constraints"]), asked["size"])
    built = time.perf_counter() - start
    answer: dict[str, object] = {"sizes": [int(size) for size in teams.team_sizes], "built": built}
    if asked["limit"] is not None:
        teams.solve(max_time_in_seconds=asked["limit"])
        answer["seconds"] = time.perf_counter() - start
        answer["found"] = bool(teams.solution_found)
        if teams.solution_found:
            answer["objective"] = teams.solver.objective_value
            answer["bound"] = teams.solver.best_objective_bound
            answer["team_of"] = [int(team) for team in teams.participants["team_num"]]
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

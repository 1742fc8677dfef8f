"""An analyst's scenarios: read, run on the pure engine and a clock that stands still, judged.

docs/reference/scenarios.md tells the format.  Knows the engine only: no database, no network.
"""

from kt_flows.scenarios.folders import check_path, load_scenarios, try_path
from kt_flows.scenarios.play import run_scenario
from kt_flows.scenarios.reading import read_scenario
from kt_flows.scenarios.result import Failure, ScenarioResult
from kt_flows.scenarios.story import Scenario

__all__ = [
    "Failure",
    "Scenario",
    "ScenarioResult",
    "check_path",
    "load_scenarios",
    "read_scenario",
    "run_scenario",
    "try_path",
]

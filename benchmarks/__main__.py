"""`make bench`: print all figures."""

from benchmarks import accuracy, durable, engine, epc, labels, latency
from benchmarks.accuracy_scenarios import SCENARIOS
from edge.logs import to_stderr

to_stderr()
epc.main()
labels.main()
engine.main()
accuracy.show(accuracy.over(scenario, (1,)) for scenario in SCENARIOS)
durable.main()
latency.main()

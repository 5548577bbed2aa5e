"""`make bench`: print all figures."""

from benchmarks import accuracy, cameras, durable, engine, epc, labels, latency, vision
from benchmarks.accuracy_scenarios import SCENARIOS
from edge.logs import to_stderr

to_stderr()
epc.main()
labels.main()
engine.main()
accuracy.show(accuracy.over(scenario, (1,)) for scenario in SCENARIOS)
vision.main()
cameras.main()
durable.main()
latency.main()

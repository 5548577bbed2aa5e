"""`make bench`: print all figures."""

from benchmarks import durable, latency
from edge.logs import to_stderr

to_stderr()
durable.main()
latency.main()

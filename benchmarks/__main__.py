"""`make bench`: print all figures."""

from benchmarks import durable, latency

durable.main()
latency.main()

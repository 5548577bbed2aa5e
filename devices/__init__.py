"""Everything that speaks to a device: topics, codecs, labels, brokers and the simulated shop."""

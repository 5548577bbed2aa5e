"""RFID readers: the tags' codes, and a codec per vendor."""

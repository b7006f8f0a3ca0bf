"""Answers for each JSON object of a memory's properties whether MemoryGraph shows it: its own parser, one line each."""
import json
import logging
import sys

from memorygraph.utils.memory_parser import parse_memory_from_properties

logging.disable(logging.CRITICAL)
for line in sys.stdin:
    shown = parse_memory_from_properties(json.loads(line)) is not None
    print("true" if shown else "false", flush=True)

#!/usr/bin/env python3
"""Reads {"schema":…,"documents":[…]}, one a line, and writes a digit for each document: 1 where python3-jsonschema
accepts it by draft 2020-12."""

import json
import sys

import jsonschema

for line in sys.stdin.buffer:
    case = json.loads(line)
    validator = jsonschema.Draft202012Validator(case["schema"])
    print("".join("1" if validator.is_valid(document) else "0" for document in case["documents"]))

#!/usr/bin/env python3
"""Reads {"schema":…,"documents":[…]}, one a line, and writes a digit for each document: 1 where python3-jsonschema
accepts it by draft 2020-12."""

import json
import sys

import jsonschema


def enum(validator, values, instance, schema):
    """As a choice of const: its own enum takes [0] for [false] before 4.21, since Python's == does."""
    if not any(validator.evolve(schema={"const": value}).is_valid(instance) for value in values):
        yield jsonschema.ValidationError("not one of the values")


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"enum": enum})

for line in sys.stdin.buffer:
    case = json.loads(line)
    validator = Validator(case["schema"])
    print("".join("1" if validator.is_valid(document) else "0" for document in case["documents"]))

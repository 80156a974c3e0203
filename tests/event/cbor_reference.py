#!/usr/bin/env python3
"""Reads JSON texts, one a line, and writes their canonical CBOR by python3-cbor2, one a line in hexadecimal."""

import json
import sys

import cbor2

for line in sys.stdin.buffer:
    # json reads a literal with a fraction or exponent as a float, all others as an integer: our rule too.
    print(cbor2.dumps(json.loads(line), canonical=True).hex())

#!/usr/bin/env python3
"""Makes the corpora of the codecs from the frozen vectors, so that fuzzing starts inside the formats.

    make_corpus.py          run in tests/fuzz; other files in the corpora stay
"""

import json
import pathlib

VECTORS = pathlib.Path("../vectors")

for path in sorted((VECTORS / "record").glob("*.json")):
    vector = json.loads(path.read_text())
    for kind in ("json", "cbor"):
        folder = pathlib.Path("corpus") / f"{kind}_record"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.stem).write_bytes(bytes.fromhex(vector[f"{kind}_record"]))
    folder = pathlib.Path("corpus/canonical_json")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / path.stem).write_text(vector["fields"]["data_source"])

for at, row in enumerate(json.loads((VECTORS / "json/rfc8785.json").read_text())["texts"]):
    pathlib.Path(f"corpus/canonical_json/rfc8785_{at}").write_text(row["input"])

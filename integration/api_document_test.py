#!/usr/bin/env python3
"""The API documents are good in the eyes of programs that we did not write.

    api_document_test.py TOOL     one of openapi-spec-validator, redocly, asyncapi-parser; asks the node at $URL
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import peers  # noqa: E402

# Every rule of "recommended" but those that are about taste or about publishing.
REDOCLY_RULES = """
extends: [recommended-strict]
rules:
  operation-4xx-response: error
  no-invalid-media-type-examples: error
  no-invalid-schema-examples: error
  no-server-example.com: off
  operation-2xx-response: off # a WebSocket answers with 101; document_test knows each route's usual status
  operation-operationId-url-safe: error
  path-parameters-defined: error
  no-identical-paths: error
  no-ambiguous-paths: off
"""

PARSE_ASYNCAPI = """
const { Parser } = require('@asyncapi/parser');
const text = require('fs').readFileSync(process.argv[1], 'utf8');
new Parser().parse(text).then(({ document, diagnostics }) => {
  const wrong = diagnostics.filter((one) => one.severity <= 1);
  wrong.forEach((one) => console.log(`${one.path.join('/')}: ${one.message} (${one.code})`));
  if (document) console.log(`${document.channels().length} channels, ${document.operations().length} operations`);
  process.exit(document && wrong.length === 0 ? 0 : 1);
});
"""


def fetched(path, folder, name):
    with urllib.request.urlopen(os.environ["URL"] + path, timeout=20) as answer:
        text = answer.read()
    file = folder / name
    file.write_bytes(text)
    return file


def check(tool, folder):
    peer = peers.need(tool)
    if tool == "asyncapi-parser":
        file = fetched("/.well-known/asyncapi", folder, "asyncapi.json")
        script = folder / "parse.js"
        script.write_text(PARSE_ASYNCAPI.replace("process.argv[1]", json.dumps(str(file))), encoding="utf-8")
        command = ["node", str(script)]
    elif tool == "redocly":
        file = fetched("/.well-known/openapi.yaml", folder, "openapi.yaml")
        (folder / "redocly.yaml").write_text(REDOCLY_RULES, encoding="utf-8")
        command = ["node", str(peer.module / "bin" / "cli.js"), "lint", str(file), "--config",
                   str(folder / "redocly.yaml")]
    else:
        file = fetched("/.well-known/openapi.json", folder, "openapi.json")
        command = [peer.python, "-m", "openapi_spec_validator", str(file)]
    environment = {**peer.environment(), "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    return subprocess.run(command, check=False, env=environment, timeout=120).returncode


def main(tool):
    with tempfile.TemporaryDirectory(prefix="sealstream-document-") as folder:
        try:
            return check(tool, pathlib.Path(folder))
        except peers.Missing as missing:
            print(f"MISSING: {tool}: {missing}")
            return peers.EXIT_MISSING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

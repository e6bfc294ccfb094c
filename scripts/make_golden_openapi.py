"""Makes Tests/Golden/openapi.json: see scripts/make-golden."""

import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from server_process import Server  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    server = Server(pathlib.Path(folder) / "data", "golden-openapi").start()
    document = server.json("GET", "/openapi.json", token=None)
    assert server.stop() == 0, server.tail()
assert "x-undescribed" not in json.dumps(document), "a route has no description; see Tests/EndToEnd/test_api_stability.py"
(ROOT / "Tests/Golden/openapi.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")

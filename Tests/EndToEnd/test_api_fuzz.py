"""The short form of `scripts/soak api`: requests made from `/openapi.json`, seeded, as an editor."""

import os
import pathlib
import subprocess

import pytest

from server_process import REPOSITORY

PYTHON = pathlib.Path(os.environ.get("MONOFLOW_API_PYTHON", REPOSITORY / ".venv-api/bin/python"))


def test_short_soak(tmp_path):
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing: run scripts/test, which makes it")
    process = subprocess.run(
        [str(PYTHON), str(REPOSITORY / "scripts/soak_api.py"), "--minutes", "0.35", "--seed", "1", "--callers", "editor", "--phases", "fuzzing",
         "--only", "^/(?!pipeline/)", "--output", str(tmp_path)],
        capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stdout[-12000:] + process.stderr[-4000:]

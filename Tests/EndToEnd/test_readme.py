"""The tour in README.md runs as it is printed."""

import re
import subprocess
import sys

from server_process import REPOSITORY


def test_the_python_block(server, tmp_path):
    text = (REPOSITORY / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    code = code.replace("http://127.0.0.1:8080", server.url).replace('"data/admin-token"', repr(str(server.data / "admin-token")))
    # Components read their own source, so it must stand in a file.
    script = tmp_path / "tour.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "SUCCEEDED"

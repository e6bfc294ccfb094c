"""The `monoflow` program as a person at a terminal uses it."""

import json
import os
import pathlib
import subprocess

from server_process import BINARY

# Another build of the commands may be tried against the same server.
PROGRAM = pathlib.Path(os.environ.get("MONOFLOW_CLI", BINARY))


class CommandLine:
    """Commands against one server, with nothing of the tests' own environment but the path."""

    def __init__(self, server, folder, **environment):
        self.server = server
        self.folder = pathlib.Path(folder)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}

    def command(self, *arguments):
        return [str(PROGRAM), *map(str, arguments)]

    def call(self, *arguments, document=None, timeout=60, connect=True, **environment):
        """The ended process, whatever its status."""
        where = ["--data", str(self.server.data)] if connect else []
        given = document if document is None or isinstance(document, str) else json.dumps(document)
        return subprocess.run(
            self.command(*arguments, *where), input=given, capture_output=True, text=True, timeout=timeout, cwd=self.folder,
            env={**self.environment, **environment})

    def run(self, *arguments, **rest):
        """Standard output of a command that succeeds and complains of nothing."""
        ended = self.call(*arguments, **rest)
        assert ended.returncode == 0, f"{arguments}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def fails(self, *arguments, status=1, **rest):
        """Standard error of a command that fails, every line of it the program's own."""
        ended = self.call(*arguments, **rest)
        assert ended.returncode == status, f"{arguments}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        assert "Fatal error" not in ended.stderr
        if status == 1:
            assert all(line.startswith("monoflow: ") for line in ended.stderr.splitlines()), ended.stderr
        return ended.stderr

    def json(self, *arguments, **rest):
        return json.loads(self.run(*arguments, "-o", "json", **rest))

    def start(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments, "--data", str(self.server.data)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder,
            env=self.environment)

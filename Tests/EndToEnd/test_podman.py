"""The server in a Podman container without privileges: neither mounts nor namespaces are allowed there, so the level drops and is shown."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest
import requests

from one_step import Namespace, specification
from server_process import BINARY, IMAGES, REPOSITORY, Server

# The whole ids of the container's user namespace; on the host they are nobody's.
FIRST, COUNT = 100_000, 65_536
LIMITS = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]


def folder_of_programs():
    """A root whose programs are this machine's own, mounted read-only: no image has to be had."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="podman-", dir="/var/tmp"))
    place.chmod(0o755)
    for name in ["usr", "etc", "proc", "sys", "dev", "tmp", "var/tmp", "run", "root", "data", str(REPOSITORY)[1:], "opt"]:
        (place / name).mkdir(parents=True, exist_ok=True)
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]:
        link = pathlib.Path("/", name)
        if link.is_symlink():
            (place / name).symlink_to(os.readlink(link))
    (place / "tmp").chmod(0o1777)
    for path in [place, *place.rglob("*")]:
        os.chown(path, FIRST, FIRST, follow_symlinks=False)
    return place


def command(root, runtime, words):
    """`podman run` in a user namespace, with Podman's own capabilities and filter of system calls. The network is the host's, for the test."""
    libraries = {path.split("/usr/lib/")[0] for path in re.findall(r"=> (/opt/\S+)", subprocess.check_output(["ldd", str(BINARY)], text=True))}
    mounts = ["/usr", str(REPOSITORY), *sorted(libraries)]
    # Where the build folder is a link, its target is needed too.
    mounts += [str(path) for path in [BINARY.resolve().parent] if not path.is_relative_to(REPOSITORY)]
    volumes = [word for mount in mounts for word in ("-v", f"{mount}:{mount}:ro")]
    return ["podman", "run", "--rm", "--runtime", runtime, *LIMITS, "--network", "host", *(["--cgroupns", "host"] if runtime == "runc" else ["--cgroups", "disabled"]),
            "--uidmap", f"0:{FIRST}:{COUNT}", "--gidmap", f"0:{FIRST}:{COUNT}", *volumes, "--rootfs", str(root), *words]


@pytest.fixture
def container():
    """A function that gives the command line for a program in such a container, and the container's root."""
    if shutil.which("podman") is None or os.geteuid() != 0:
        pytest.skip("podman is not installed, or this is not root")
    root = folder_of_programs()
    try:
        told = ""
        for runtime in filter(shutil.which, ["runc", "crun"]):
            tried = subprocess.run(command(root, runtime, ["/bin/true"]), capture_output=True, text=True, timeout=120)
            if tried.returncode == 0:
                yield lambda words: command(root, runtime, words), root
                return
            told += f"{runtime}: {tried.stderr.strip()[-300:]} "
        print(f"skipped: {told or 'no runtime'}")
        pytest.skip(f"podman cannot run here: {told or 'neither runc nor crun is installed'}")
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=False)


class Contained(Server):
    def __init__(self, name, container, arguments=()):
        run, root = container
        super().__init__(root / "data/monoflow", name, arguments=arguments, network="automatic")
        words = [str(BINARY), "serve", "--data", "/data/monoflow", "--listen", "127.0.0.1:0", "--images", str(IMAGES), *self.arguments]
        self.words = run(words)

    def start(self, timeout=120):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            try:
                self.url = json.loads((self.data / "server.json").read_text())["url"]
                if requests.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return self
            except (OSError, ValueError, requests.RequestException):
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready:\n{self.tail()}")


def test_the_level_drops_and_is_shown(container, unique):
    server = Contained(unique, container).start()
    try:
        isolation = server.json("GET", "/api/system")["isolation"]
        print(json.dumps(isolation, indent=1))
        assert isolation["level"] == "restricted" and isolation["network"]["kind"] == "host" and not isolation["network"]["can_separate"], isolation
        assert any("namespace" in note for note in isolation["notes"])
        assert "isolation 3: " in server.tail()
        victim, attacker = Namespace(server, f"v-{unique}"), Namespace(server, f"a-{unique}")
        assert victim.run(specification("own", "import os; open('own', 'w').write('mine'); print(os.getuid())", [])) == "30001\n"
        # What lies in the data directory belongs to the server; a step of another user neither lists nor opens it.
        program = "import os, sys\nfor path in sys.argv[1:]:\n try:\n  (os.listdir if os.path.isdir(path) else open)(path)\n  print('reached', path)\n except OSError as error:\n  print(error.errno)"
        paths = ["/data/monoflow/monoflow.db", "/data/monoflow/admin-token", "/data/monoflow/tasks", "/data/monoflow", "/etc/hostname", "/tmp", "/dev/shm"]
        assert set(attacker.run(specification("look", program, paths)).split("\n")) == {"13", ""}
    finally:
        assert server.stop() == 0


def test_without_any_protection_the_server_does_not_start(container, unique):
    """As a user without privileges inside there is nothing left to keep steps apart with."""
    run, root = container
    data = root / "data/plain"
    data.mkdir()
    os.chown(data, FIRST + 1000, FIRST + 1000)
    words = ["/usr/bin/setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", str(BINARY), "serve", "--data", "/data/plain", "--listen", "127.0.0.1:0"]
    ended = subprocess.run(run(words), capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1 and "--allow-weak-isolation" in ended.stderr, ended

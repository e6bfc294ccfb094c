"""Fixtures of the end-to-end tests: a real server, the real SDKs.

pytest itself runs in `.venv-kfp2`; what needs the 1.8 SDK runs in `.venv-kfp1` through the `kfp1` fixture.
`scripts/test` makes both environments and the release build.
"""

import json
import os
import pathlib
import subprocess
import sys
import types
import uuid

import pytest

from gate import Gate
from server_process import BINARY, REPOSITORY, Server

HERE = pathlib.Path(__file__).resolve().parent
KFP1_PYTHON = pathlib.Path(os.environ.get("MONOFLOW_KFP1_PYTHON", REPOSITORY / ".venv-kfp1/bin/python"))


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: run scripts/test, or swift build -c release", returncode=2)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that most tests share. Ends by SIGTERM with status 0."""
    server = Server(tmp_path_factory.mktemp("monoflow") / "data", "shared").start()
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture
def own_server(tmp_path, request):
    """A server of the test's own, which it may kill and start again."""
    server = Server(tmp_path / "data", request.node.name).start()
    yield server
    if server.process.poll() is None:
        assert server.stop() == 0, server.tail()


@pytest.fixture(scope="session")
def client(server):
    """The kfp 2 SDK's client as admin."""
    import kfp
    return kfp.Client(host=server.url, existing_token=server.token)


@pytest.fixture(scope="session")
def kfp1():
    """Calls a function of kfp1_actions.py in the kfp 1.8 environment: `kfp1(server, "name", key=value, …)` → JSON."""
    if not KFP1_PYTHON.exists():
        pytest.fail(f"{KFP1_PYTHON} is missing: run scripts/test, which makes it")

    def call(server, action, timeout=600, **arguments):
        process = subprocess.run(
            [str(KFP1_PYTHON), str(HERE / "kfp1_actions.py"), action],
            input=json.dumps({"host": server.url, "token": server.token, **arguments}),
            capture_output=True, text=True, timeout=timeout)
        assert process.returncode == 0, f"{action}:\n{process.stdout[-2000:]}\n{process.stderr[-4000:]}"
        return json.loads(process.stdout.splitlines()[-1])

    return call


def run_demo(server, sdk, variant="talk", model="digits"):
    """Runs one demo pipeline by its SDK's Python and returns run_demo.py's result."""
    python = KFP1_PYTHON if sdk == 1 else sys.executable
    process = subprocess.run(
        [str(python), str(REPOSITORY / "examples/talk/run_demo.py"), "--sdk", str(sdk), "--variant", variant,
         "--host", server.url, "--token-file", str(server.data / "admin-token"), "--model", model],
        capture_output=True, text=True, timeout=1500)
    detail = f"{process.stdout[-2000:]}\n{process.stderr[-4000:]}"
    assert process.stdout.strip(), detail
    result = json.loads(process.stdout.splitlines()[-1])
    if result["state"].lower() != "succeeded":
        from server_process import Graph
        detail += Graph(server, server.json("GET", f"/api/runs/{result['run_id']}/graph")).explain()
    assert process.returncode == 0, detail
    return result


@pytest.fixture(scope="session")
def finished_run(server):
    """The kfp 2 demo, run to its end: `.id .name .namespace .result` (run_demo.py's JSON)."""
    result = run_demo(server, 2)
    run = server.json("GET", f"/api/runs/{result['run_id']}/graph")["run"]
    return types.SimpleNamespace(id=run["id"], name=run["name"], namespace=run["namespace"], result=result)


@pytest.fixture(scope="session")
def deployed_model(finished_run):
    """The model that the demo deployed: `.name .version .namespace`, input `X` FP32 [-1,64], output `label`."""
    return types.SimpleNamespace(
        name=finished_run.result["model"], version=finished_run.result["version"], namespace=finished_run.namespace)


@pytest.fixture
def gate():
    """Holds steps back and tells that they run; see gate.py."""
    gate = Gate()
    yield gate
    gate.close()


@pytest.fixture
def unique():
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def people(server):
    """Tokens by what their holders may do in the namespace `team`, plus `admin` and an outsider `foreign`."""
    server.json("POST", "/api/namespaces", json={"name": "team"})
    server.json("POST", "/api/namespaces", json={"name": "elsewhere"})
    tokens = {"admin": server.token}
    homes = {"owner": "team", "editor": "team", "viewer": "team", "predict": "team", "foreign": "elsewhere"}
    for name, home in homes.items():
        role = "owner" if name == "foreign" else name
        server.json("POST", "/api/users", json={
            "name": name, "home_namespace": home, "is_admin": False, "roles": [{"namespace": home, "role": role}]})
        tokens[name] = server.json("POST", "/api/tokens", json={"user": name, "name": f"{name}-token"})["token"]
    return types.SimpleNamespace(namespace="team", **tokens)


@pytest.fixture(scope="session")
def start_package(server, client):
    """Compiles a kfp 2 pipeline, starts it in the experiment `tests` and returns the run's id.

    Its steps run, whatever ran before; with `caching=None` equal steps are reused, as is kfp's own default.
    """
    from kfp import compiler
    experiment = client.create_experiment("tests").experiment_id

    def start(pipeline, arguments=None, name=None, caching=False):
        directory = pathlib.Path(os.environ.get("TMPDIR", "/tmp"))
        package = directory / f"{uuid.uuid4().hex}.yaml"
        try:
            compiler.Compiler().compile(pipeline, str(package))
            return client.run_pipeline(
                experiment, name or pipeline.name, str(package), params=arguments or {}, enable_caching=caching).run_id
        finally:
            package.unlink(missing_ok=True)

    return start

"""Seconds per step: a chain and a fan-out of `true`, on Monoflow and on its peers, in one run.

Two kinds of step are told apart. A *command* step starts the process `true`. A *Python* step is a kfp component that
does nothing; its cost is nearly all Python's import of kfp. Peers whose step is a Python function in the engine's own
process start `true` from it, so that every row of the first table has started as many processes.
"""

import argparse
import contextlib
import io
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from server_process import Server  # noqa: E402


warnings.filterwarnings("ignore", category=FutureWarning)


def argo(count, chained):
    """A workflow of `count` steps of `true`, each after the one before or all at once."""
    tasks = []
    for index in range(count):
        task = {"name": f"s{index}", "template": "step"}
        if chained and index:
            task["dependencies"] = [f"s{index - 1}"]
        tasks.append(task)
    return {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": "bench-"},
        "spec": {"entrypoint": "main", "templates": [
            {"name": "main", "dag": {"tasks": tasks}},
            {"name": "step", "container": {"image": "alpine", "command": ["true"]}},
        ]},
    }


def on_monoflow(server, count, chained):
    """Seconds from the request that starts the run to the event that tells of its end."""
    manifest = json.dumps(argo(count, chained))
    started = time.monotonic()
    run = server.json("POST", "/apis/v1beta1/runs", json={
        "name": "bench", "pipeline_spec": {"workflow_manifest": manifest}})["run"]["id"]
    for event, _ in server.watch(run, 600):
        if event == "end":
            break
    seconds = time.monotonic() - started
    state = server.json("GET", f"/api/runs/{run}/graph")["run"]["state"]
    assert state == "Succeeded", state
    return seconds


def python_steps_on_monoflow(server, count):
    import kfp
    # The client prints links, which are no part of the table.
    with contextlib.redirect_stdout(io.StringIO()):
        client = kfp.Client(host=server.url, existing_token=server.token)
        return timed_python_chain(server, client, count)


def timed_python_chain(server, client, count):
    import kfp
    with tempfile.TemporaryDirectory() as directory:
        package = str(pathlib.Path(directory) / "chain.yaml")
        kfp.compiler.Compiler().compile(python_chain(count), package)
        experiment = client.create_experiment("bench").experiment_id
        started = time.monotonic()
        run = client.run_pipeline(experiment, "bench", package, enable_caching=False).run_id
    for event, _ in server.watch(run, 600):
        if event == "end":
            break
    seconds = time.monotonic() - started
    assert client.get_run(run).state == "SUCCEEDED"
    return seconds


def python_chain(count):
    from kfp import dsl

    @dsl.component(base_image="python:3.11")
    def nothing():
        pass

    @dsl.pipeline(name="chain")
    def chain():
        previous = None
        for _ in range(count):
            step = nothing()
            if previous is not None:
                step.after(previous)
            previous = step
    return chain


def on_kfp_local(count):
    """In a process of its own: kfp.local changes the process's logging and working directory."""
    script = f"""
import sys, time
sys.path.insert(0, {str(ROOT / "scripts")!r})
from kfp import local
from bench_steps import python_chain
local.init(local.SubprocessRunner(use_venv=False), raise_on_error=True)
chain = python_chain({count})
started = time.monotonic()
chain()
print("SECONDS", time.monotonic() - started)
"""
    # `python3` of the step must be this environment, which has kfp already; pip then has nothing to install.
    path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
    return timed_script(sys.executable, script, PATH=path)


PREFECT = """
import subprocess, time
from prefect import flow, task

@task
def step(previous=None):
    subprocess.run(["true"], check=True)
    return 1

@flow
def chain(count):
    previous = None
    for _ in range(count):
        previous = step(previous)

@flow
def fan(count):
    futures = [step.submit() for _ in range(count)]
    for future in futures:
        future.result()

chain(1)
for name, run in (("chain", chain), ("fan", fan)):
    for _ in range(REPEAT):
        started = time.monotonic()
        run(COUNT)
        print("SECONDS", name, time.monotonic() - started, flush=True)
"""

DAGSTER = """
import subprocess, time
from dagster import DynamicOut, DynamicOutput, In, Nothing, graph, op

@op(ins={"after": In(Nothing)})
def step():
    subprocess.run(["true"], check=True)

@op
def first():
    subprocess.run(["true"], check=True)

@graph
def chain():
    previous = first()
    for index in range(COUNT - 1):
        previous = step.alias(f"step_{index}")(previous)

@graph
def fan():
    for index in range(COUNT):
        first.alias(f"step_{index}")()

jobs = {"chain": chain.to_job(), "fan": fan.to_job()}
for name, job in jobs.items():
    for _ in range(REPEAT):
        started = time.monotonic()
        assert job.execute_in_process().success
        print("SECONDS", name, time.monotonic() - started, flush=True)
"""


def timed_script(python, script, **environment):
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.run(
            [str(python), "-c", script], cwd=directory, capture_output=True, text=True, timeout=1800,
            env={**os.environ, "HOME": directory, "PREFECT_HOME": directory, "DAGSTER_HOME": directory,
                 "PREFECT_LOGGING_LEVEL": "ERROR", "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                 "DAGSTER_DISABLE_TELEMETRY": "yes", **environment})
    found = [line.split()[1:] for line in process.stdout.splitlines() if line.startswith("SECONDS")]
    if process.returncode != 0 or not found:
        raise RuntimeError((process.stdout + process.stderr)[-2000:])
    if len(found[0]) == 1:
        return [float(value) for (value,) in found]
    times = {"chain": [], "fan": []}
    for name, value in found:
        times[name].append(float(value))
    return times


def shell(script):
    started = time.monotonic()
    subprocess.run(["bash", "-c", script], check=True)
    return time.monotonic() - started


def row(name, times, count):
    """Milliseconds per step: median and range over the repetitions."""
    if times is None:
        return f"| {name} | – | – |"
    per_step = [1000 * seconds / count for seconds in times]
    spread = f"{min(per_step):.1f}–{max(per_step):.1f}" if len(per_step) > 1 else "one run"
    return f"| {name} | {statistics.median(per_step):.1f} | {spread} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--python-steps", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--without", default="", help="comma-separated: prefect, dagster, kfp-local")
    options = parser.parse_args()
    count, repeat, without = options.steps, options.repeat, set(options.without.split(","))

    chain, fan, python = [], [], []
    sandbox = "bwrap --unshare-pid --unshare-ipc --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp true"
    for name, command in (("bash loop of `true`", "/bin/true"), ("bash loop of `bwrap … true`", sandbox)):
        chain.append((name, [shell(f"for ((i = 0; i < {count}; i++)); do {command}; done") for _ in range(repeat)]))
        fan.append((name.replace("loop", "loop with `&`"), [
            shell(f"for ((i = 0; i < {count}; i++)); do {command} & done; wait") for _ in range(repeat)]))

    with tempfile.TemporaryDirectory() as directory:
        server = Server(pathlib.Path(directory) / "data", "bench").start()
        try:
            on_monoflow(server, 10, True)
            chain.append(("Monoflow", [on_monoflow(server, count, True) for _ in range(repeat)]))
            fan.append(("Monoflow", [on_monoflow(server, count, False) for _ in range(repeat)]))
            python_steps_on_monoflow(server, 1)  # Builds the environment.
            python.append(("Monoflow", [
                python_steps_on_monoflow(server, options.python_steps) for _ in range(min(repeat, 3))]))
        finally:
            server.stop()

    for peer, environment, script in (("prefect", ".venv-prefect", PREFECT), ("dagster", ".venv-dagster", DAGSTER)):
        if peer in without:
            continue
        times = timed_script(
            ROOT / environment / "bin/python", script.replace("REPEAT", str(min(repeat, 3))).replace("COUNT", str(count)))
        name = {"prefect": "Prefect, task that starts `true`", "dagster": "Dagster in process, op that starts `true`"}[peer]
        chain.append((name, times["chain"]))
        fan.append((name, times["fan"]))
    if "kfp-local" not in without:
        python.append(("kfp.local SubprocessRunner", on_kfp_local(options.python_steps)))

    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}\n")
    for title, rows, steps in (
        (f"Chain of {count} commands", chain, count), (f"Fan-out of {count} commands", fan, count),
        (f"Chain of {options.python_steps} Python components", python, options.python_steps),
    ):
        print(f"| {title} | ms per step (median) | range |\n|---|---|---|")
        for name, times in rows:
            print(row(name, times, steps))
        print()


if __name__ == "__main__":
    main()

"""Conditions, loops, exit handlers, nesting: what both SDKs' compilers emit, run to the end."""

import json

import pytest

import kfp2_pipelines as pipelines
from server_process import Graph, parameters


def graph_of(server, run):
    return Graph(server, server.json("GET", f"/api/runs/{run['run_id']}/graph"))


# kfp 2

@pytest.mark.parametrize("n, taken", [(1, "one"), (2, "two"), (9, "many")])
def test_if_elif_else_oneof(server, start_package, n, taken):
    graph = server.wait(start_package(pipelines.conditions, {"n": n})).succeeded()
    for name in ("one", "two", "many"):
        ran = [node for node in graph.steps(name) if node["state"] == "Succeeded"]
        assert len(ran) == (1 if name == taken else 0)
    chosen = graph.one("chosen")
    assert parameters(chosen, "inputs")["text"] == taken
    assert graph.log(chosen) == f"{taken}\n"


def test_parallel_for_and_collected(server, start_package):
    graph = server.wait(start_package(pipelines.loops, {"words": ["a", "b", "c"]}), 600).succeeded()
    squares = graph.steps("square")
    assert sorted(parameters(node)["Output"] for node in squares) == ["1", "4", "9"]
    assert parameters(graph.one("total"))["Output"] == "14"
    assert sorted(parameters(n)["said"] for n in said(graph) if n["state"] == "Succeeded") == [
        "1-x", "1:x", "2-y", "2:y", "a", "b", "c", "found b"]


def said(graph):
    return [node for node in graph.nodes if node["type"] == "Container" and "said" in parameters(node)]


def test_loop_over_nothing(server, start_package):
    graph = server.wait(start_package(pipelines.loops, {"words": []}), 600).succeeded()
    assert sorted(parameters(n)["said"] for n in said(graph)) == ["1-x", "1:x", "2-y", "2:y"]


def test_loop_parallelism(server, start_package):
    """`parallelism=2` holds: at no time do three of the loop's steps run."""
    graph = server.wait(start_package(pipelines.loops), 600).succeeded()
    edges = []
    for node in graph.steps("square"):
        edges += [(node["started_at"], 1), (node["finished_at"], -1)]
    running = most = 0
    # At the same instant an end counts before a start.
    for _, change in sorted(edges):
        running += change
        most = max(most, running)
    assert most <= 2


def test_exit_handler_after_failure(server, start_package):
    graph = server.wait(start_package(pipelines.exit_handler, {"code": 3}), 600)
    assert graph.state == "Failed"
    log = graph.log(graph.one("report"))
    assert "note=always state=FAILED" in log and "error=None" not in log


def test_exit_handler_after_success(server, start_package):
    graph = server.wait(start_package(pipelines.exit_handler_after_success), 600).succeeded()
    assert "note=always state=SUCCEEDED" in graph.log(graph.one("report"))


def test_nested_pipelines(server, start_package):
    graph = server.wait(start_package(pipelines.nested, {"x": 4}), 600).succeeded()
    assert parameters(graph.one("add"))["Output"] == "20"
    inner = [node for node in graph.nodes if node["task_name"] == "inner" and node["type"] == "DAG"]
    assert len(inner) == 1
    assert {node["task_name"] for node in graph.children(inner[0])} == {"make", "square"}


# kfp 1.8

def test_v1_when(server, kfp1):
    heads = graph_of(server, kfp1(server, "run", pipeline="conditions", arguments={"n": 1})).succeeded()
    assert ran(heads) == {"flip", "heads-step"}
    tails = graph_of(server, kfp1(server, "run", pipeline="conditions", arguments={"n": 20})).succeeded()
    assert ran(tails) == {"flip", "tails-step", "deeper-step", "large-step"}


def ran(graph):
    return {node["task_name"] for node in graph.nodes if node["type"] == "Container" and node["state"] == "Succeeded"}


def test_v1_loops(server, kfp1):
    """withItems over maps, withParam over an output (with a loop inside) and over a pipeline parameter."""
    run = kfp1(server, "run", pipeline="loops", arguments={"words": json.dumps(["u", "v", "w"])})
    graph = graph_of(server, run).succeeded()
    assert sorted(graph.log(n) for n in graph.steps("static")) == ["1-x\n", "2-y\n"]
    assert sorted(graph.log(n) for n in graph.steps("inner")) == [
        "10l\n", "10r\n", "20l\n", "20r\n", "30l\n", "30r\n"]
    assert sorted(graph.log(n) for n in graph.steps("word")) == ["u\n", "v\n", "w\n"]
    pods = [node for node in run["nodes"].values() if node["type"] == "Pod"]
    assert len(pods) == 2 + 1 + 6 + 3


@pytest.mark.parametrize("code, status", [(5, "Failed"), (0, "Succeeded")])
def test_v1_on_exit(server, kfp1, code, status):
    run = kfp1(server, "run", pipeline="exit_handler", arguments={"code": code})
    assert run["status"] == status
    pods = {node["displayName"].split(".")[-1]: node for node in run["nodes"].values() if node["type"] == "Pod"}
    last = [node for name, node in pods.items() if "cleanup" in name or "onExit" in name]
    assert len(last) == 1
    assert server.log_text(run["run_id"], last[0]["id"]) == f"status={status}\n"


def test_v1_recursion(server, kfp1):
    run = kfp1(server, "run", pipeline="recursion", arguments={"start": 3})
    graph = graph_of(server, run).succeeded()
    assert sorted(graph.log(n) for n in graph.steps("decrement")) == ["at 1\n", "at 2\n", "at 3\n"]


def test_v1_raw_input_and_environment(server, kfp1):
    graph = graph_of(server, kfp1(server, "run", pipeline="raw_input")).succeeded()
    assert graph.log(graph.one("read")) == "raw data"
    assert graph.log(graph.one("limits")) == "hello from the environment\n"

"""`kill -9` of the server while steps run: nothing runs twice, nothing is lost."""

import pytest
from kfp import compiler

import kfp2_pipelines as pipelines

LINES = 200


@pytest.fixture
def start(own_server, tmp_path):
    def start(pipeline, arguments):
        import kfp
        package = tmp_path / "package.yaml"
        compiler.Compiler().compile(pipeline, str(package))
        client = kfp.Client(host=own_server.url, existing_token=own_server.token)
        experiment = client.create_experiment("restart").experiment_id
        return client.run_pipeline(experiment, pipeline.name, str(package), params=arguments).run_id
    return start


def all_lines():
    return "".join(f"line {i}\n" for i in range(1, 2 * LINES + 1))


def test_killed_while_a_step_runs(own_server, start, gate):
    """The step goes on without the server; the new server takes it up and runs what follows."""
    server = own_server
    run_id = start(pipelines.two_gates, {"port": gate.port, "lines": LINES})
    gate.wait("first")
    server.kill()
    server.start()
    graph = server.json("GET", f"/api/runs/{run_id}/graph")
    assert graph["run"]["state"] == "Running"
    assert next(n for n in graph["nodes"] if n["display_name"] == "first")["state"] == "Running"
    gate.open("first")
    gate.wait("second")
    server.kill()
    # This step ends while no server is there.
    gate.open("second")
    server.start()
    graph = server.wait(run_id).succeeded()
    assert gate.arrivals == {"first": 1, "second": 1}
    for name in ("first", "second"):
        step = graph.one(name)
        assert step["attempts"] == 1
        assert graph.log(step) == all_lines()


def test_killed_at_many_moments(own_server, start, gate):
    """A chain of steps with a kill while each of them waits: every step runs exactly once, in order."""
    server = own_server
    names = [f"step-{i}" for i in range(6)]

    @pipelines.dsl.pipeline(name="chain")
    def chain(port: int):
        previous = None
        for name in names:
            step = pipelines.gated(port=port, name=name, lines=5).set_display_name(name)
            if previous is not None:
                step.after(previous)
            previous = step

    run_id = start(chain, {"port": gate.port})
    for name in names:
        gate.wait(name)
        server.kill()
        # The step may end before, while or after the new server looks.
        gate.open(name)
        server.start()
    graph = server.wait(run_id).succeeded()
    assert gate.arrivals == {name: 1 for name in names}
    for name in names:
        assert graph.log(graph.one(name)) == "".join(f"line {i}\n" for i in range(1, 11))
    ends = [graph.one(name)["finished_at"] for name in names]
    assert ends == sorted(ends)


def test_following_again_after_a_restart(own_server, start, gate):
    server = own_server
    run_id = start(pipelines.waiting, {"port": gate.port, "lines": LINES})
    gate.wait("middle")
    server.kill()
    server.start()
    node = next(n for n in server.json("GET", f"/api/runs/{run_id}/graph")["nodes"] if n["task_name"] == "gated")
    path = f"/apis/v1alpha1/runs/{run_id}/nodes/{node['id']}/log"
    with server.request("GET", path, params={"follow": "true"}, stream=True, timeout=60) as answer:
        lines = answer.iter_lines(decode_unicode=True)
        assert [next(lines) for _ in range(LINES)] == [f"line {i}" for i in range(1, LINES + 1)]
        gate.open("middle")
        assert list(lines) == [f"line {i}" for i in range(LINES + 1, 2 * LINES + 1)]
    server.wait(run_id).succeeded()


def test_sigterm_leaves_running_steps_alone(own_server, start, gate):
    server = own_server
    run_id = start(pipelines.waiting, {"port": gate.port, "lines": LINES})
    gate.wait("middle")
    assert server.stop() == 0, server.tail()
    gate.open("middle")
    server.start()
    graph = server.wait(run_id).succeeded()
    assert gate.arrivals == {"middle": 1}
    assert graph.log(graph.one("gated")) == all_lines()


def test_a_newer_data_directory_is_refused(own_server):
    """Data of a later release are left alone with a clear message."""
    import sqlite3
    server = own_server
    assert server.stop() == 0
    with sqlite3.connect(server.data / "monoflow.db") as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        table = next(name for name in tables if "migration" in name)
        columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
        last = database.execute(f"select * from {table} order by 1 desc limit 1").fetchone()
        later = [9999 if isinstance(v, int) and i == 0 else "9999_later.sql" if i <= 1 and isinstance(v, str) else v
                 for i, v in enumerate(last)]
        database.execute(f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})", later)
    with pytest.raises(AssertionError, match="(?i)newer"):
        server.start()

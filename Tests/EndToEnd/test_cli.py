"""The command line against a real server: objects, users, tokens, environments, and a kubeconfig that kubectl uses."""

import base64
import json
import shutil
import subprocess
import time

import pytest
import yaml

from command_line import CommandLine
from kubectl import kubectl_133
from server_process import REPOSITORY, Server, onnxruntime_library


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    library = onnxruntime_library()
    server = Server(
        tmp_path_factory.mktemp("cli") / "data", "cli",
        ["--tls-listen", "127.0.0.1:0", *(["--onnxruntime", str(library)] if library else [])]).start()
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture
def cli(server, tmp_path):
    return CommandLine(server, tmp_path)


@pytest.fixture
def space(cli, unique):
    """A namespace of the test's own."""
    assert cli.run("namespace", "create", unique) == f"namespace/{unique} created\n"
    return unique


def config_map(name, data, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data}


def definition(group):
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [{
                "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                    {"name": "Colour", "type": "string", "jsonPath": ".spec.colour", "priority": 1}],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}, "colour": {"type": "string"}}},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}},
            }],
        },
    }


# Objects

def test_apply_again_changes_nothing(cli, space, unique):
    group = f"{unique}.example.com"
    folder = cli.folder / "objects"
    (folder / "deep").mkdir(parents=True)
    # The definition comes last by name, and is applied first.
    (folder / "z.json").write_text(json.dumps(definition(group)))
    (folder / "a.yaml").write_text(yaml.safe_dump_all([
        config_map("one", {"a": "1"}), {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3, "colour": "red"}}]))
    (folder / "deep/secret.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}))
    first = cli.run("apply", "-f", folder, "-n", space)
    assert first.splitlines()[-1] == "4 created, 0 configured, 0 unchanged", first
    assert f"widget.{group}/w created" in first.splitlines()
    second = cli.run("apply", "-f", folder, "-n", space)
    assert second.splitlines()[-1] == "0 created, 0 configured, 4 unchanged", second
    (folder / "a.yaml").write_text(yaml.safe_dump(config_map("one", {"a": "2"})))
    third = cli.run("apply", "-f", folder, "-n", space)
    assert "configmap/one configured" in third.splitlines() and third.splitlines()[-1] == "0 created, 1 configured, 2 unchanged"
    # Tables with the kind's own columns.
    assert [line.split()[:2] for line in cli.run("get", "wd", "-n", space).splitlines()] == [["NAME", "SIZE"], ["w", "3"]]
    assert cli.run("get", f"widgets.{group}", "-n", space, "-o", "wide").splitlines()[1].split()[:3] == ["w", "3", "red"]
    assert cli.run("get", f"widget.v1.{group}", "w", "-n", space, "-o", "name") == f"widget.{group}/w\n"
    assert yaml.safe_load(cli.run("get", f"widget.{group}/w", "-n", space, "-o", "yaml"))["spec"] == {"size": 3, "colour": "red"}
    assert cli.json("get", "cm", "one", "-n", space)["data"] == {"a": "2"}
    everywhere = cli.run("get", "cm", "-A").splitlines()
    assert everywhere[0].split()[0] == "NAMESPACE" and [space, "one"] in [line.split()[:2] for line in everywhere]
    described = cli.run("describe", "secret", "s", "-n", space)
    assert "7 bytes" in described and base64.b64encode(b"hunter2").decode() not in described
    # Deleted as they were applied.
    gone = cli.run("delete", "-f", folder, "-n", space)
    assert sorted(line.split("/")[0] for line in gone.splitlines()) == ["configmap", "customresourcedefinition.apiextensions.k8s.io", "secret"]
    assert "not found" in cli.fails("get", "cm", "one", "-n", space)


def test_apply_from_standard_input_and_dry_run(cli, space):
    text = json.dumps(config_map("piped", {"a": "1"}))
    out = cli.run("apply", "-f", "-", "-n", space, "--dry-run", document=text)
    assert out.splitlines() == ["configmap/piped created (dry run)", "1 created, 0 configured, 0 unchanged (dry run: nothing was changed)"]
    cli.fails("get", "cm/piped", "-n", space)
    cli.run("apply", "-f", "-", "-n", space, document=text)
    assert cli.run("get", "cm/piped", "-n", space, "-o", "name") == "configmap/piped\n"
    assert "conflict" in cli.fails(
        "apply", "-f", "-", "-n", space, "--field-manager", "other", document=config_map("piped", {"a": "2"})).lower()
    assert "configured" in cli.run(
        "apply", "-f", "-", "-n", space, "--field-manager", "other", "--force-conflicts", document=config_map("piped", {"a": "2"}))


def test_one_refused_document_does_not_stop_the_others(cli, space):
    path = cli.folder / "mixed.yaml"
    path.write_text("\n---\n".join(yaml.safe_dump(document, sort_keys=False) for document in [
        config_map("good", {"a": "1"}),
        {"apiVersion": "nowhere.example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bad"}, "data": {"a": {"b": "c"}}},
        config_map("also-good", {"a": "1"})]))
    ended = cli.call("apply", "-f", path, "-n", space)
    assert ended.returncode == 1
    assert ended.stdout.splitlines() == ["configmap/good created", "configmap/also-good created", "2 created, 0 configured, 0 unchanged, 2 refused"]
    errors = ended.stderr.splitlines()
    assert f"{path}: document 2, kind" in errors[0] and "does not serve Gadget of nowhere.example.com/v1" in errors[0]
    lines = path.read_text().splitlines()
    place = next(number for number, line in enumerate(lines, 1) if "b: c" in line)
    assert f"{path}: document 3, data" in errors[1] and (f"(line {place})" in errors[1] or f"(line {place - 1})" in errors[1]), errors


def test_describe_shows_events(cli, server, space):
    cli.run("apply", "-f", "-", "-n", space, document=config_map("one", {"a": "1", "lines": "x\ny"}, labels={"app": "web"}))
    uid = cli.json("get", "cm/one", "-n", space)["metadata"]["uid"]
    server.json("POST", f"/api/v1/namespaces/{space}/events", json={
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "type": "Warning", "reason": "Odd", "message": "looks odd",
        "involvedObject": {"kind": "ConfigMap", "name": "one", "namespace": space, "uid": uid}, "source": {"component": "test"},
        "lastTimestamp": "2026-01-01T00:00:00Z"})
    text = cli.run("describe", "cm", "one", "-n", space)
    facts = [line.split() for line in text.splitlines()]
    assert ["Labels:", "app=web"] in facts and ["Name:", "one"] in facts and ["a:", "1"] in facts
    assert "managedFields" not in cli.run("get", "cm/one", "-n", space, "-o", "yaml")
    assert "managedFields" in cli.run("get", "cm/one", "-n", space, "-o", "yaml", "--show-managed-fields")
    event = next(fact for fact in facts if "Odd" in fact)
    assert event[:2] == ["Warning", "Odd"] and event[3:] == ["test", "looks", "odd"]


def test_watch_shows_what_changes(cli, space):
    cli.run("apply", "-f", "-", "-n", space, document=config_map("first", {}))
    process = cli.start("get", "cm", "-n", space, "-w")
    try:
        assert process.stdout.readline().split()[0] == "NAME"
        assert process.stdout.readline().split()[0] == "first"
        cli.run("apply", "-f", "-", "-n", space, document=config_map("second", {"a": "1"}))
        assert process.stdout.readline().split()[:2] == ["second", "1"]
    finally:
        process.kill()
        process.wait()


def test_delete_by_label_and_wait(cli, space):
    for name in ["a", "b"]:
        cli.run("apply", "-f", "-", "-n", space, document=config_map(name, {}, labels={"group": "x"}))
    cli.run("apply", "-f", "-", "-n", space, document=config_map("c", {}, finalizers=["example.com/hold"]))
    assert sorted(cli.run("delete", "cm", "-n", space, "-l", "group=x").split()) == ["configmap/a", "configmap/b", "deleted", "deleted"]
    assert "the time is over" in cli.fails("delete", "cm/c", "-n", space, "--timeout", "1s")
    waiting = cli.start("wait", "cm/c", "--for=delete", "-n", space, "--timeout", "30s")
    cli.server.json("PATCH", f"/api/v1/namespaces/{space}/configmaps/c", data='{"metadata":{"finalizers":null}}',
                    headers={"Content-Type": "application/merge-patch+json"})
    assert waiting.communicate(timeout=30)[0] == "configmap/c deleted\n" and waiting.returncode == 0
    cli.run("delete", "cm/c", "-n", space, "--ignore-not-found")
    assert "not found" in cli.fails("delete", "cm/c", "-n", space)


def test_wait_for_a_condition(cli, space, unique):
    group = f"{unique}.example.com"
    cli.run("apply", "-f", "-", document=definition(group))
    kind = f"widget.{group}"
    cli.run("apply", "-f", "-", "-n", space, document={"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}})
    assert "the time is over" in cli.fails("wait", f"{kind}/w", "--for=condition=Ready", "-n", space, "--timeout", "0")
    process = cli.start("wait", f"{kind}/w", "--for=condition=Ready", "-n", space)
    path = f"/apis/{group}/v1/namespaces/{space}/widgets/w/status"
    cli.server.json("PATCH", path, data=json.dumps({"status": {"phase": "Up", "conditions": [{"type": "Ready", "status": "True"}]}}),
                    headers={"Content-Type": "application/merge-patch+json"})
    assert process.communicate(timeout=30)[0] == f"{kind}/w condition met\n" and process.returncode == 0
    cli.run("wait", f"{kind}/w", "--for=jsonpath={.status.phase}=Up", "-n", space, "--timeout", "0")
    assert "no such object" in cli.fails("wait", f"{kind}/none", "--for=condition=Ready", "-n", space)


# Users, tokens, namespaces

def test_a_token_is_the_last_line_and_is_limited(cli, server, space, unique):
    out = cli.run("token", "create", "--user", unique, "--role", "viewer", "--namespace", space, "--expires", "1h")
    token = out.splitlines()[-1]
    assert f"user/{unique} created as viewer of {space}" in out
    path = f"/api/v1/namespaces/{space}/configmaps"
    assert server.request("GET", path, token=token).status_code == 200
    assert server.request("POST", path, token=token, json=config_map("x", {})).status_code == 403
    assert server.request("GET", "/api/v1/namespaces/default/configmaps", token=token).status_code == 403
    me = cli.json("whoami", "--server", server.url, connect=False, MONOFLOW_TOKEN=token)
    assert (me["user"], me["is_admin"], me["namespaces"]) == (unique, False, [{"name": space, "role": "viewer"}])
    # Again for the same user: nothing is made but the token.
    assert len(cli.run("token", "create", "--user", unique, "--role", "viewer", "--namespace", space).splitlines()) == 2
    rows = [line.split() for line in cli.run("token", "list", "-A").splitlines()]
    mine = [row[0] for row in rows if row[1] == unique]
    assert len(mine) == 2 and token not in str(rows)
    cli.run("token", "delete", *mine)
    assert server.request("GET", path, token=token).status_code == 401
    assert "token" in cli.fails("get", "cm", "--server", server.url, connect=False, MONOFLOW_TOKEN=token)


def test_users_and_members(cli, server, unique):
    out = cli.run("user", "create", f"{unique}@example.com")
    assert out.splitlines() == [f"namespace/{unique} created", f"user/{unique}@example.com created as owner of {unique}"]
    cli.run("user", "create", f"other-{unique}", "--home", unique, "--role", "viewer")
    assert cli.run("namespace", "add-member", unique, f"other-{unique}", "--role", "editor") == f"member/other-{unique} is editor of {unique}\n"
    members = {row["user"]: row["role"] for row in cli.json("namespace", "members", unique)}
    assert members == {f"{unique}@example.com": "owner", f"other-{unique}": "editor"}
    cli.run("namespace", "remove-member", unique, f"other-{unique}")
    assert [row["user"] for row in cli.json("namespace", "members", unique)] == [f"{unique}@example.com"]
    assert f"user/other-{unique}" in cli.run("user", "list", "-o", "name").split()
    cli.run("user", "delete", f"other-{unique}")
    assert f"user/other-{unique}" not in cli.run("user", "list", "-o", "name").split()
    assert f"namespace/{unique}" in cli.run("namespace", "list", "-o", "name").split()
    admin = f"admin-{unique}"
    assert "as administrator" in cli.run("user", "create", admin, "--admin")
    token = cli.run("token", "create", "--user", admin).splitlines()[-1]
    assert cli.json("whoami", "--server", server.url, connect=False, MONOFLOW_TOKEN=token)["is_admin"] is True
    cli.run("user", "delete", admin)


def test_kubectl_uses_the_kubeconfig(cli, space):
    program = kubectl_133()
    path = cli.folder / "config"
    path.write_text(cli.run("kubeconfig", "--namespace", space))
    environment = {"PATH": cli.environment["PATH"], "HOME": str(cli.folder), "KUBECONFIG": str(path)}

    def kubectl(*arguments):
        ended = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    kubectl("create", "configmap", "made", "--from-literal=a=1")
    assert cli.json("get", "cm/made", "-n", space)["data"] == {"a": "1"}
    assert kubectl("auth", "can-i", "delete", "configmaps").strip() == "yes"
    assert kubectl("get", "configmap", "made", "-o", "name") == "configmap/made\n"
    # The commands themselves over TLS, with the authority's file.
    facts = json.loads((cli.server.data / "server.json").read_text())
    rest = dict(connect=False, MONOFLOW_SERVER=facts["tls_url"], MONOFLOW_TOKEN=cli.server.token)
    assert cli.run("get", "cm/made", "-n", space, "-o", "name", "--ca", facts["ca"], **rest) == "configmap/made\n"
    assert "certificate" in cli.fails("get", "cm/made", "-n", space, **rest)


def test_a_server_without_tls_has_no_kubeconfig(own_server, tmp_path):
    cli = CommandLine(own_server, tmp_path)
    assert "--tls-listen" in cli.fails("kubeconfig")
    assert cli.run("whoami").splitlines()[0].split() == ["User:", "admin"]


# Environments

ENVIRONMENT = """
apiVersion: monoflow/v1
kind: Environment
users: [{{name: {name}-ann}}, {{name: {name}-ben}}]
namespaces:
- name: {name}
  owner: {name}-ann
  members: [{{user: {name}-ben, role: viewer}}]
- name: {name}-b
  members: [{{user: {name}-ben, role: editor}}]
configMaps:
- {{name: settings, namespace: {name}, data: {{region: local, count: 3}}}}
secrets:
- name: database
  namespace: {name}
  data: {{password: {{fromEnvironment: DB_PASSWORD}}, key: {{fromFile: secrets/key.bin}}}}
"""


def test_an_environment_from_one_file(cli, server, unique):
    folder = cli.folder / "env"
    assert "written" in cli.run("init", folder, connect=False)
    assert "there is one already" in cli.fails("init", folder, connect=False)
    (folder / "environment.yaml").write_text(ENVIRONMENT.format(name=unique))
    assert "monoflow generate" in cli.fails("apply", "-f", folder)
    (folder / "secrets").mkdir()
    (folder / "secrets/key.bin").write_bytes(b"\x00\xff")
    made = cli.run("generate", folder, connect=False).splitlines()
    assert len(made) == 5 and all(line.endswith(" written") for line in made)
    assert "hunter2" not in "".join(path.read_text() for path in (folder / "objects").iterdir())
    assert "no variable DB_PASSWORD" in cli.fails("apply", "-f", folder, "--dry-run")
    secret = {"DB_PASSWORD": "hunter2"}
    first = cli.run("apply", "-f", folder, **secret)
    # A user is made with its role at home, which its document as a member then finds.
    assert first.splitlines()[-1].endswith(" created, 0 configured, 1 unchanged") and "hunter2" not in first
    assert f"member/{unique}-ben in {unique} unchanged" in first and f"member/{unique}-ben in {unique}-b created" in first
    second = cli.run("apply", "-f", folder, **secret).splitlines()
    assert all(line.endswith(" unchanged") for line in second[:-1]), second
    assert second[-1] == f"0 created, 0 configured, {len(second) - 1} unchanged"
    members = {row["user"]: row["role"] for row in cli.json("namespace", "members", unique)}
    assert members == {f"{unique}-ann": "owner", f"{unique}-ben": "viewer"}
    found = cli.json("get", "secret/database", "-n", unique)["data"]
    assert {key: base64.b64decode(value) for key, value in found.items()} == {"password": b"hunter2", "key": b"\x00\xff"}
    token = cli.run("token", "create", "--user", f"{unique}-ann").splitlines()[-1]
    assert cli.run("get", "cm", "settings", "-o", "name", "--server", server.url, connect=False, MONOFLOW_TOKEN=token) == "configmap/settings\n"
    # What has changed is told, the rest is not touched.
    text = (folder / "environment.yaml").read_text().replace("role: viewer", "role: editor")
    (folder / "environment.yaml").write_text(text + f"notebooks: [{{name: n, namespace: {unique}, spec: {{}}}}]\n")
    cli.run("generate", folder, connect=False)
    third = cli.call("apply", "-f", folder, **secret)
    assert f"member/{unique}-ben in {unique} configured" in third.stdout.splitlines()
    if third.returncode:
        assert "does not serve Notebook" in third.stderr and third.stdout.splitlines()[-1].endswith("1 refused")


def test_models_are_uploaded_once(cli, space):
    if onnxruntime_library() is None:
        pytest.skip("no ONNX Runtime in the tests' environment")
    folder = cli.folder / "models"
    folder.mkdir()
    fixtures = REPOSITORY / "Tests/InferenceTests/Fixtures"
    shutil.copy(fixtures / "identity_fp32.onnx", folder / "m.onnx")
    (folder / "model.yaml").write_text(yaml.safe_dump({
        "apiVersion": "monoflow/v1", "kind": "Model", "metadata": {"name": "same", "namespace": space}, "spec": {"file": "m.onnx"}}))
    for outcome in ["created", "unchanged"]:
        assert cli.run("apply", "-f", folder / "model.yaml").splitlines()[0] == f"model/same {outcome}"
    shutil.copy(fixtures / "identity_int32.onnx", folder / "m.onnx")
    assert cli.run("apply", "-f", folder / "model.yaml", "--dry-run").splitlines()[0] == "model/same configured (dry run)"
    assert cli.run("apply", "-f", folder / "model.yaml").splitlines()[0] == "model/same configured"
    assert cli.run("get", "models", "-n", space).splitlines()[1].split()[:4] == ["same", "2", "Ready", "2"]
    assert "INT32" in cli.run("describe", "model/same", "-n", space)
    (folder / "m.onnx").unlink()
    assert f"{folder}/model.yaml: document 1, spec.file" in cli.fails("apply", "-f", folder / "model.yaml")
    cli.run("delete", "model", "same", "-n", space)


def test_mistakes_in_an_environment_name_their_place(cli):
    folder = cli.folder / "env"
    cli.run("init", folder, connect=False)
    path = folder / "environment.yaml"
    path.write_text("apiVersion: monoflow/v1\nkind: Environment\nnamespaces:\n- name: a\n  owner: 3\nsecrets:\n- {name: s, namespace: a, data: {p: plain}}\n")
    errors = cli.fails("generate", folder, connect=False).splitlines()
    assert len(errors) == 3 and "namespaces[0].owner (line 5)" in errors[0] and "secrets[0].data[p]" in errors[1], errors


# Runs, pipelines, logs

def test_runs_and_their_logs(cli, server):
    from kfp import Client, compiler, dsl

    @dsl.component(base_image="python:3.12")
    def say(word: str):
        print("said " + word)

    @dsl.pipeline(name="talk")
    def talk():
        say(word="one").set_display_name("first")
        say(word="two").set_display_name("second")

    package = str(cli.folder / "talk.yaml")
    compiler.Compiler().compile(talk, package)
    client = Client(host=server.url, existing_token=server.token)
    client.create_experiment("cli-tests")
    client.upload_pipeline(package, "cli-talk")
    run = client.create_run_from_pipeline_package(package, run_name="cli-run", experiment_name="cli-tests", enable_caching=False).run_id
    following, named = cli.start("logs", f"run/{run}", "-f"), cli.start("logs", f"run/{run}", "-f", "--step", "second")
    assert cli.run("wait", f"run/{run}", "--timeout", "10m", timeout=600) == f"run/{run} Succeeded\n"
    lines = following.communicate(timeout=60)[0].splitlines()
    assert following.returncode == 0 and any(" | said one" in line for line in lines) and any(" | said two" in line for line in lines), lines
    one = named.communicate(timeout=60)[0]
    assert "said two" in one and "said one" not in one
    assert "said two" in cli.run("logs", "run/cli-run", "--step", "second")
    assert 'no step "third"' in cli.fails("logs", f"run/{run}", "-f", "--step", "third")
    assert 'no step "third"' in cli.fails("logs", f"run/{run}", "--step", "third")
    row = cli.run("get", "run", "cli-run").splitlines()[1].split()
    assert row[:3] == ["cli-run", run, "SUCCEEDED"]
    assert cli.run("get", "runs", "-o", "name").split() == [f"run/{run}"]
    described = cli.run("describe", f"run/{run}").splitlines()
    assert len([line for line in described if " Succeeded " in line]) == 2 and any(line.split() == ["State:", "Succeeded"] for line in described), described
    assert cli.run("get", f"run/{run}", "-w").splitlines()[1].split()[2] == "Succeeded"
    assert "cli-talk" in cli.run("get", "pipelines") and "cli-tests" in cli.run("get", "experiments")
    assert "cli-run" in cli.run("describe", "experiment", "cli-tests")
    cli.run("delete", "run", run)
    assert "none of that id or name" in cli.fails("get", f"run/{run}")


# The shell

@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(cli, shell):
    script = cli.run("completion", shell, connect=False)
    assert "kubeconfig" in script and "add-member" in script
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr


def test_a_closed_reader_ends_the_command(cli):
    process = cli.start("get", "namespaces", "-w")
    process.stdout.readline()
    process.stdout.close()
    cli.run("namespace", "create", "closed-reader")
    assert process.wait(timeout=30) == 1


def test_commands_start_fast(cli):
    def once():
        start = time.monotonic()
        cli.run("--version", connect=False)
        return time.monotonic() - start

    # The quickest of several: what else the machine does is not the program's.
    assert min(once() for _ in range(10)) < 0.1


BAD = [
    # arguments, status, what standard error says
    (["get", "gadgets"], 1, 'find kind: gadgets: the server has no such kind'),
    (["get", "cm", "none"], 1, 'configmaps "none" not found'),
    (["get", "cm", "a/b"], 64, "a name has no slash"),
    (["get", "cm", "-A", "-n", "x"], 64, "contradict"),
    (["get", "runs", "-l", "a=b"], 64, "have no labels"),
    (["get", "models", "-w"], 64, "follows one run only"),
    (["get"], 64, "Missing expected argument"),
    (["get", "cm", "-o", "xml"], 64, "xml"),
    (["frobnicate"], 64, "frobnicate"),
    (["get", "cm", "-l", "a in ("], 1, ""),
    (["get", "cm", "-n", "nowhere"], 1, "no such namespace"),
    (["describe", "run/none"], 1, "none of that id or name"),
    (["logs", "cm/x"], 64, "logs are those of a pod or a run"),
    (["logs", "run/none"], 1, "none of that id or name"),
    (["wait", "cm/x"], 64, "--for"),
    (["wait", "cm/x", "--for=ready"], 64, "is unknown"),
    (["wait", "cm/x", "--for=delete", "--timeout", "soon"], 64, "no length of time"),
    (["wait", "models/x"], 64, "only the end of runs"),
    (["delete", "cm"], 64, "name objects"),
    (["delete"], 64, "Name objects"),
    (["token", "create", "--role", "king"], 64, "king"),
    (["token", "create", "--expires", "soon"], 64, "no length of time"),
    (["token", "delete", "none"], 1, ""),
    (["user", "create", "x", "--role", "king"], 64, "--role"),
    (["namespace", "create", "Not_A_Label"], 1, ""),
    (["namespace", "add-member", "default", "nobody"], 1, "nobody"),
    (["apply", "-f", "nowhere.yaml"], 1, "no such file"),
    (["generate", "nowhere"], 1, "no such file"),
]


@pytest.mark.parametrize("arguments,status,said", BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_bad_input(cli, arguments, status, said):
    connect = arguments[0] not in ("frobnicate", "generate")
    ended = cli.call(*arguments, connect=connect)
    assert ended.returncode == status, ended.stdout + ended.stderr
    assert said in ended.stderr and "Fatal" not in ended.stderr
    if status == 1:
        assert ended.stderr.startswith("monoflow: ") and ended.stdout == ""


def test_bad_servers_and_tokens(cli, server, tmp_path):
    rest = dict(connect=False)
    assert "nothing says where it is" in cli.fails("whoami", status=64, **rest)
    assert "server.json" in cli.fails("whoami", "--data", tmp_path, **rest)
    assert "127.0.0.1:9" in cli.fails("whoami", "--server", "http://127.0.0.1:9", MONOFLOW_TOKEN="t", **rest)
    assert "URL" in cli.fails("whoami", "--server", "ftp://x", status=64, MONOFLOW_TOKEN="t", **rest)
    assert "there is none" in cli.fails("whoami", "--server", server.url, status=64, **rest)
    assert "revoked or expired" in cli.fails("whoami", "--server", server.url, MONOFLOW_TOKEN="wrong", **rest)
    assert "revoked or expired" in cli.fails("get", "cm", "--server", server.url, MONOFLOW_TOKEN="wrong", **rest)


def test_broken_documents_name_their_line(cli):
    path = cli.folder / "broken.yaml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: [ConfigMap\nmetadata: {}\n")
    assert f"{path}: document 2, line 8: malformed YAML" in cli.fails("apply", "-f", path)
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n")
    assert f"{path}: document 1, metadata.name (line 3): is missing" in cli.fails("apply", "-f", path)
    assert "malformed JSON" in cli.fails("apply", "-f", "-", document="{\"a\": ")


def test_what_others_wrote_does_not_move_the_cursor(cli, space, server):
    server.json("POST", f"/api/v1/namespaces/{space}/configmaps", json=config_map("x", {"k": "\x1b[2J"}, annotations={"a": "b\x1b[1mc"}))
    assert "\x1b" not in cli.run("describe", "cm/x", "-n", space)

"""Pods, jobs, cron jobs and volume claims through kubectl 1.33 and the Python client."""

import base64
import json
import re
import threading
import time

import pytest
from kubernetes import client, watch

from gate import SHELL
from kubectl import Kubectl, kubectl_120, kubectl_133
from server_process import Server

PROGRAMS = {"1.33": kubectl_133, "1.20": kubectl_120}


def job(name, script, spec=None, pod=None, container=None, **metadata):
    main = {"name": "main", "image": "alpine", "command": ["bash", "-c", SHELL + script], **(container or {})}
    return {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, **metadata},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [main], **(pod or {})}}, **(spec or {})},
    }


def pod(name, script, container=None, **spec):
    main = {"name": "main", "image": "alpine", "command": ["bash", "-c", SHELL + script], **(container or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"restartPolicy": "Never", "containers": [main], **spec}}


def claim(name):
    return {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    }


def port(gate):
    return {"env": [{"name": "PORT", "value": str(gate.port)}]}


def start_server(data, name):
    server = Server(data, name, ["--tls-listen", "127.0.0.1:0"]).start()
    facts = json.loads((server.data / "server.json").read_text())
    server.tls_url, server.authority = facts["tls_url"], facts["ca"]
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = start_server(tmp_path_factory.mktemp("jobs") / "data", "jobs")
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture(scope="module", params=PROGRAMS)
def kubectl(request, server, tmp_path_factory):
    """Each program in a namespace of its own."""
    program = PROGRAMS[request.param]()
    if program is None:
        pytest.skip(f"kubectl {request.param} cannot be had (Debian: kubernetes-client)")
    namespace = "j" + request.param.replace(".", "-")
    found = Kubectl(program, tmp_path_factory.mktemp("kubectl-home"), server.tls_url, server.authority, server.token, namespace)
    found.namespace = namespace
    found.run("create", "namespace", namespace)
    return found


@pytest.fixture(scope="module")
def modern(server, tmp_path_factory):
    return Kubectl(kubectl_133(), tmp_path_factory.mktemp("kubectl-modern"), server.tls_url, server.authority, server.token)


@pytest.fixture(scope="module")
def api(server):
    configuration = client.Configuration(host=server.tls_url)
    configuration.ssl_ca_cert = server.authority
    configuration.api_key = {"authorization": "Bearer " + server.token}
    with client.ApiClient(configuration) as found:
        yield found


def apply(kubectl, *documents):
    return kubectl.run("apply", "-f", "-", document=documents[0] if len(documents) == 1 else {"apiVersion": "v1", "kind": "List", "items": documents})


def complete(kubectl, name, condition="complete"):
    kubectl.run("wait", f"--for=condition={condition}", f"job/{name}", "--timeout=60s", timeout=90)


def gone(kubectl, name):
    """kubectl 1.20 cannot wait for what is gone already."""
    deadline = time.monotonic() + 30
    while kubectl.run("get", "pod", name, "--ignore-not-found"):
        assert time.monotonic() < deadline, f"{name} is still there"


def test_a_job_runs_to_its_end(kubectl):
    document = job("hello", 'echo "hello $WHO"', container={"env": [{"name": "WHO", "value": "world"}]})
    assert apply(kubectl, document) == "job.batch/hello created\n"
    complete(kubectl, "hello")
    assert apply(kubectl, document) == "job.batch/hello unchanged\n"
    assert kubectl.run("logs", "job/hello") == "hello world\n"
    found = kubectl.json("get", "job", "hello")
    assert found["status"]["succeeded"] == 1 and found["status"]["completionTime"]
    pods = kubectl.json("get", "pods", "-l", "job-name=hello")["items"]
    assert [item["status"]["phase"] for item in pods] == ["Succeeded"]
    row = kubectl.run("get", "pods", "-l", "job-name=hello", "--no-headers").split()
    assert row[1:4] == ["0/1", "Completed", "0"], row
    assert re.search(r"^hello\s.*1/1", kubectl.run("get", "jobs", "--no-headers"), re.M)
    assert "Completed" in kubectl.run("describe", "job", "hello")
    assert kubectl.json("get", "pods", "--field-selector=status.phase=Succeeded", "-l", "job-name=hello")["items"]
    assert not kubectl.json("get", "pods", "--field-selector=status.phase!=Succeeded", "-l", "job-name=hello")["items"]
    assert "job.batch/hello" in kubectl.run("get", "all")
    kubectl.run("delete", "job", "hello")
    gone(kubectl, pods[0]["metadata"]["name"])


def test_logs_are_followed_to_their_end(kubectl, gate):
    apply(kubectl, job("follow", "echo first; gate a; echo second", container=port(gate)))
    gate.wait("a")
    following = kubectl.start("logs", "-f", "job/follow")
    assert following.stdout.readline() == "first\n"
    gate.open("a")
    assert following.stdout.read() == "second\n" and following.wait(30) == 0
    complete(kubectl, "follow")
    assert kubectl.run("logs", "job/follow", "--tail=1") == "second\n"
    assert kubectl.run("logs", "job/follow", "--limit-bytes=3") == "fir"
    assert kubectl.run("logs", "job/follow", "--tail=0") == ""
    assert kubectl.run("logs", "job/follow", "--since=1h") == "first\nsecond\n"
    lines = kubectl.run("logs", "job/follow", "--timestamps").splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["first", "second"]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.split(" ")[0]) for line in lines)
    assert lines[0] < lines[1]
    assert "not found" in kubectl.run("logs", "job/follow", "--previous", status=1)


def test_indexes(kubectl):
    apply(kubectl, job("indexed", 'echo "index $JOB_COMPLETION_INDEX"', {"completions": 3, "parallelism": 2, "completionMode": "Indexed"}))
    complete(kubectl, "indexed")
    assert kubectl.json("get", "job", "indexed")["status"]["completedIndexes"] == "0-2"
    pods = kubectl.json("get", "pods", "-l", "job-name=indexed")["items"]
    assert sorted(kubectl.run("logs", item["metadata"]["name"]) for item in pods) == [f"index {index}\n" for index in range(3)]


def test_failures(kubectl):
    apply(kubectl, job("fails", "echo no; exit 3", {"backoffLimit": 0}))
    complete(kubectl, "fails", "failed")
    found = kubectl.json("get", "job", "fails")
    assert {item["type"]: item["reason"] for item in found["status"]["conditions"]}["Failed"] == "BackoffLimitExceeded"
    item = kubectl.json("get", "pods", "-l", "job-name=fails")["items"][0]
    assert item["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    assert kubectl.run("get", "pods", "-l", "job-name=fails", "--no-headers").split()[2] == "Error"
    assert "BackoffLimitExceeded" in kubectl.run("get", "events")
    refused = kubectl.run("apply", "-f", "-", document=job("bad", "true", pod={"initContainers": [{"name": "i", "image": "alpine"}]}), status=1)
    assert "spec.template.spec.initContainers" in refused


@pytest.mark.parametrize("cascade", ["background", "foreground", "orphan"])
def test_deletion(modern, gate, cascade):
    name = "gone-" + cascade
    apply(modern, job(name, "trap 'exit 9' TERM; gate a & wait", container=port(gate)))
    gate.wait("a")
    pods = modern.json("get", "pods", "-l", "job-name=" + name)["items"]
    modern.run("delete", "job", name, "--cascade=" + cascade, timeout=60)
    left = pods[0]["metadata"]["name"]
    if cascade == "orphan":
        assert modern.json("get", "pod", left)["status"]["phase"] == "Running"
        modern.run("delete", "pod", left)
    else:
        gone(modern, left)
    assert "NotFound" in modern.run("get", "pod", left, status=1)


def test_a_bare_pod(kubectl, gate):
    watching = kubectl.start("get", "pods", "-w", "--no-headers")
    apply(kubectl, pod("bare", "gate a", port(gate)))
    gate.wait("a")
    kubectl.run("wait", "--for=condition=Ready", "pod/bare", "--timeout=30s")
    gate.open("a")
    seen = []
    while not seen or seen[-1] != "Completed":
        row = watching.stdout.readline().split()
        assert row, seen
        if row[0] == "bare" and row[2] not in seen:
            seen.append(row[2])
    watching.terminate()
    watching.wait()
    assert seen[-2:] == ["Running", "Completed"]
    assert kubectl.run("delete", "pod", "bare").startswith('pod "bare" deleted')
    # Without a restart policy a pod would have to be started again and again.
    document = pod("always", "true")
    del document["spec"]["restartPolicy"]
    assert "spec.restartPolicy" in kubectl.run("apply", "-f", "-", document=document, status=1)


def test_run(modern):
    modern.run("run", "ran", "--image=alpine", "--restart=Never", "--command", "--", "sh", "-c", "echo ran")
    modern.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/ran", "--timeout=30s")
    assert modern.run("logs", "ran") == "ran\n"
    assert modern.run("auth", "can-i", "get", "pods/log").strip() == "yes"


def test_secrets_are_seen_by_those_who_name_them(kubectl, server):
    value = "hunter2-" + kubectl.namespace
    kubectl.run("create", "secret", "generic", "key", f"--from-literal=password={value}")
    kubectl.run("create", "configmap", "settings", "--from-literal=mode=fast")
    with_secret = job(
        "with", 'echo "$PASSWORD $(cat /keys/password) $MODE $0"; stat -c %a /keys/password; cat /etc/app/mode',
        container={
            "args": ["$(MODE)"],
            "env": [
                {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "key", "key": "password"}}},
                {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}},
            ],
            "volumeMounts": [{"name": "k", "mountPath": "/keys"}, {"name": "s", "mountPath": "/etc/app/mode", "subPath": "mode"}],
        },
        pod={"volumes": [{"name": "k", "secret": {"secretName": "key", "defaultMode": 0o400}}, {"name": "s", "configMap": {"name": "settings"}}]})
    apply(kubectl, with_secret, job("without", "env; ls /keys 2>&1; true"))
    complete(kubectl, "with")
    complete(kubectl, "without")
    assert kubectl.run("logs", "job/with") == f"{value} {value} fast fast\n400\nfast"
    assert value not in kubectl.run("logs", "job/without")
    assert value not in kubectl.run("get", "pods,jobs,events", "-o", "yaml")
    for path in server.data.glob("monoflow.db*"):
        assert value.encode() not in path.read_bytes() and base64.b64encode(value.encode()) not in path.read_bytes()


def test_a_claim_is_shared(kubectl, server):
    apply(kubectl, claim("shared"))
    assert kubectl.json("get", "pvc", "shared")["status"]["phase"] == "Bound"
    volume = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "shared"}}]}
    apply(kubectl, job("writes", "mkdir /data/part && echo kept > /data/part/file", pod=volume, container={"volumeMounts": [{"name": "d", "mountPath": "/data"}]}))
    complete(kubectl, "writes")
    mount = {"volumeMounts": [{"name": "d", "mountPath": "/in/part", "subPath": "part", "readOnly": True}]}
    apply(kubectl, job("reads", "cat /in/part/file; touch /in/part/x 2>/dev/null && echo written; ls /data 2>/dev/null; true", pod=volume, container=mount))
    complete(kubectl, "reads")
    assert kubectl.run("logs", "job/reads") == "kept\n"
    folder = server.data / "volumes" / kubectl.namespace / "shared"
    assert (folder / "part/file").read_text() == "kept\n"
    # A link that a task leaves in the volume leads the next one nowhere but into its own sandbox.
    apply(kubectl, job("links", "ln -s / /data/evil", pod=volume, container={"volumeMounts": [{"name": "d", "mountPath": "/data"}]}))
    complete(kubectl, "links")
    mount = {"volumeMounts": [{"name": "d", "mountPath": "/in", "subPath": "evil"}]}
    apply(kubectl, job("follows", f"ls /in; cat /in{server.data}/admin-token 2>&1; true", pod=volume, container=mount))
    complete(kubectl, "follows")
    assert server.token not in kubectl.run("logs", "job/follows")
    kubectl.run("delete", "pvc", "shared")
    assert not folder.exists()


def test_a_cron_job_by_hand_and_by_time(modern):
    modern.run("create", "cronjob", "tick", "--image=alpine", "--schedule=* * * * *", "--", "echo", "tick")
    assert modern.run("get", "cronjobs", "--no-headers").split()[:2] == ["tick", "*"]
    modern.run("create", "job", "by-hand", "--from=cronjob/tick")
    complete(modern, "by-hand")
    assert modern.run("logs", "job/by-hand") == "tick\n"
    deadline = time.monotonic() + 90
    for event in watch.Watch().stream(
            client.BatchV1Api(modern_api(modern)).list_namespaced_job, "default", timeout_seconds=90):
        if event["object"].metadata.name.startswith("tick-") and event["object"].status.succeeded:
            break
        assert time.monotonic() < deadline
    found = modern.json("get", "cronjob", "tick")
    assert found["status"]["lastScheduleTime"]
    modern.run("delete", "cronjob", "tick")
    assert "spec.schedule" in modern.run(
        "create", "cronjob", "wrong", "--image=alpine", "--schedule=61 * * * *", "--", "true", status=1)


def modern_api(kubectl):
    facts = json.loads(kubectl.config.read_text())
    configuration = client.Configuration(host=facts["clusters"][0]["cluster"]["server"])
    configuration.ssl_ca_cert = facts["clusters"][0]["cluster"]["certificate-authority"]
    configuration.api_key = {"authorization": "Bearer " + facts["users"][0]["user"]["token"]}
    return client.ApiClient(configuration)


def test_the_python_client(api, gate):
    batch, core = client.BatchV1Api(api), client.CoreV1Api(api)
    batch.create_namespaced_job("default", job("python", "echo one; gate p; echo two", container=port(gate)))
    gate.wait("p")
    name = core.list_namespaced_pod("default", label_selector="job-name=python").items[0].metadata.name
    lines = []
    follower = threading.Thread(target=lambda: lines.extend(watch.Watch().stream(core.read_namespaced_pod_log, name, "default")))
    follower.start()
    gate.open("p")
    for event in watch.Watch().stream(batch.list_namespaced_job, "default", field_selector="metadata.name=python", timeout_seconds=60):
        if event["object"].status.succeeded == 1:
            break
    follower.join(30)
    assert lines == ["one", "two"]
    assert core.read_namespaced_pod(name, "default").status.container_statuses[0].state.terminated.reason == "Completed"
    batch.delete_namespaced_job("python", "default", propagation_policy="Foreground")


def test_a_killed_server_goes_on(tmp_path, gate):
    """Killed while pods run and while one ends: each index runs once, and the job is complete."""
    server = start_server(tmp_path / "data", "jobs-killed")
    try:
        kubectl = Kubectl(kubectl_133(), tmp_path / "home", server.tls_url, server.authority, server.token)
        script = 'gate "index-$JOB_COMPLETION_INDEX"; echo done'
        apply(kubectl, job("survives", script, {"completions": 4, "parallelism": 2, "completionMode": "Indexed"}, container=port(gate)))
        gate.wait_all("index-0", "index-1")
        server.kill()
        # This one ends while no server is there.
        gate.open("index-0")
        server = start_server(tmp_path / "data", "jobs-killed-again")
        kubectl = Kubectl(kubectl_133(), tmp_path / "home", server.tls_url, server.authority, server.token)
        gate.wait("index-2")
        for index in range(1, 4):
            gate.open(f"index-{index}")
        complete(kubectl, "survives")
        assert gate.arrivals == {f"index-{index}": 1 for index in range(4)}
        assert kubectl.json("get", "job", "survives")["status"]["succeeded"] == 4
        assert len(kubectl.json("get", "pods")["items"]) == 4
    finally:
        if server.process.poll() is None:
            assert server.stop() == 0, server.tail()

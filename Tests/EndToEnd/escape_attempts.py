"""Ways out of a step. Runs twice with the same facts: inside a step, where each attempt has to fail, and as root outside, where
it has to succeed: an attempt that cannot succeed anywhere would prove nothing.

`python3 escape_attempts.py FACTS` prints one line of JSON for each attempt: name, reached, detail. Standard library only; a step runs it
by `python3 -c`.
"""

import ctypes
import json
import os
import pathlib
import socket
import stat
import struct
import sys
import tempfile
import urllib.error
import urllib.request

FACTS = json.loads(sys.argv[1])
C = ctypes.CDLL(None, use_errno=True)
ATTEMPTS = []


def attempt(function):
    ATTEMPTS.append(function)
    return function


def call(name, *arguments):
    """A C function or, by number, a system call; -1 is raised as OSError."""
    result = C.syscall(ctypes.c_long(name), *arguments) if isinstance(name, int) else getattr(C, name)(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def content(path, expected=None):
    """Opening is not enough: the bytes have to be the ones that were planted."""
    found = pathlib.Path(path).read_bytes()
    expected = (expected or FACTS["secret"]).encode()
    assert expected in found, f"other bytes: {found[:40]!r}"
    return f"{len(found)} bytes of {path}"


# ---- the server's files ----

@attempt
def database():
    return content(f"{FACTS['data']}/monoflow.db", "SQLite format 3")


@attempt
def admin_token():
    return content(f"{FACTS['data']}/admin-token", "mf_")


@attempt
def secret_keys():
    return f"{pathlib.Path(FACTS['data'], 'secret-keys').stat().st_size} {len(pathlib.Path(FACTS['data'], 'secret-keys').read_bytes())}"


@attempt
def signing_key():
    return f"{len(pathlib.Path(FACTS['data'], 'server.key').read_bytes())}"


@attempt
def names_of_tasks():
    assert FACTS["victim_task"] in os.listdir(f"{FACTS['data']}/tasks")


@attempt
def database_by_the_servers_root():
    return content(f"/proc/{FACTS['server_pid']}/root{FACTS['data']}/monoflow.db", "SQLite format 3")


@attempt
def database_by_the_servers_descriptors():
    directory = f"/proc/{FACTS['server_pid']}/fd"
    for name in os.listdir(directory):
        if os.readlink(f"{directory}/{name}").endswith("/monoflow.db"):
            return content(f"{directory}/{name}", "SQLite format 3")
    raise AssertionError("no descriptor of the database")


@attempt
def data_directory_by_file_handle():
    """Opens the root of the file system by its number, whatever of it is mounted here."""
    handle = struct.pack("IiII", 8, 1, 2, 0)
    mount = os.open("/", os.O_RDONLY)
    opened = call("open_by_handle_at", mount, handle, os.O_RDONLY | os.O_DIRECTORY)
    return content(f"/proc/self/fd/{opened}{FACTS['data']}/admin-token", "mf_")


# ---- processes ----

@attempt
def environment_of_the_server():
    return content(f"/proc/{FACTS['server_pid']}/environ", "PATH=")


@attempt
def environment_of_another_step():
    return content(f"/proc/{FACTS['victim_pid']}/environ")


@attempt
def environment_of_any_process():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            return content(f"/proc/{name}/environ")
        except (OSError, AssertionError):
            continue
    raise AssertionError("no process shows it")


@attempt
def arguments_of_any_process():
    own = {os.getpid(), os.getppid(), 1 if FACTS["inside"] else 0}
    for name in filter(str.isdigit, os.listdir("/proc")):
        if int(name) not in own and FACTS["victim_mark"].encode() in pathlib.Path(f"/proc/{name}/cmdline").read_bytes():
            return name
    raise AssertionError("no process shows them")


@attempt
def descriptors_of_another_step():
    assert os.listdir(f"/proc/{FACTS['victim_pid']}/fd")
    assert FACTS["victim_mark"].encode() in pathlib.Path(f"/proc/{FACTS['victim_pid']}/cmdline").read_bytes()


@attempt
def memory_of_another_step():
    """A page of the victim's own program."""
    for line in open(f"/proc/{FACTS['victim_pid']}/maps"):
        address = int(line.split("-")[0], 16)
        into, local = ctypes.create_string_buffer(4), (ctypes.c_size_t * 2)()
        local[0], local[1] = ctypes.addressof(into), 4
        remote = (ctypes.c_size_t * 2)(address, 4)
        call("process_vm_readv", FACTS["victim_pid"], local, ctypes.c_ulong(1), remote, ctypes.c_ulong(1), ctypes.c_ulong(0))
        assert into.raw == b"\x7fELF" and FACTS["victim_mark"].encode() in pathlib.Path(f"/proc/{FACTS['victim_pid']}/cmdline").read_bytes()
        return "its first bytes"


@attempt
def memory_of_the_server():
    with open(f"/proc/{FACTS['server_pid']}/mem", "rb") as memory:
        address = int(open(f"/proc/{FACTS['server_pid']}/maps").readline().split("-")[0], 16)
        memory.seek(address)
        assert memory.read(4) == b"\x7fELF"


@attempt
def tracing_another_step():
    call("ptrace", ctypes.c_long(0x4206), ctypes.c_long(FACTS["victim_pid"]), ctypes.c_void_p(0), ctypes.c_void_p(0))


@attempt
def tracing_the_supervisor():
    """The parent of this step's first process, outside of the sandbox."""
    call("ptrace", ctypes.c_long(0x4206), ctypes.c_long(FACTS["supervisor_pid"]), ctypes.c_void_p(0), ctypes.c_void_p(0))


@attempt
def signals_to_the_server():
    os.kill(FACTS["server_pid"], 0)


@attempt
def signals_to_another_step():
    os.kill(FACTS["victim_pid"], 0)


# ---- another namespace's files ----

@attempt
def token_of_another_step():
    return content(f"{FACTS['victim_root']}/var/run/secrets/kubernetes.io/serviceaccount/token", "mft_")


@attempt
def files_of_another_step():
    return content(f"{FACTS['victim_root']}/victim")


@attempt
def files_of_another_step_by_its_root():
    return content(f"/proc/{FACTS['victim_pid']}/root/victim")


@attempt
def log_of_another_step():
    return content(FACTS["victim_log"])


@attempt
def stored_artifact():
    return content(FACTS["blob"])


@attempt
def volume_of_another_namespace():
    return content(FACTS["volume"])


@attempt
def shared_temporary_directory():
    return content(FACTS["temporary"])


@attempt
def home_directory():
    return content(FACTS["home"])


# ---- memory and sockets that are shared by name ----

@attempt
def shared_memory_file():
    return content(FACTS["shared_memory"])


@attempt
def system_v_shared_memory():
    return f"segment {call('shmget', FACTS['segment_key'], ctypes.c_size_t(0), 0)}"


@attempt
def system_v_message_queue():
    return f"queue {call('msgget', FACTS['segment_key'], 0)}"


@attempt
def posix_message_queue():
    return f"queue {call('mq_open', FACTS['queue'].encode(), os.O_RDONLY)}"


@attempt
def keys_of_others():
    into = ctypes.create_string_buffer(256)
    size = call({"x86_64": 250, "aarch64": 219}[os.uname().machine], 11, FACTS["key"], into, ctypes.c_size_t(256), 0)
    assert FACTS["secret"].encode() in into.raw[:size]


@attempt
def abstract_unix_socket():
    return speak(socket.AF_UNIX, "\0" + FACTS["abstract"])


@attempt
def unix_socket_of_a_service():
    return speak(socket.AF_UNIX, FACTS["service_socket"])


@attempt
def servers_socket():
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{FACTS['data']}/net/api.sock")


@attempt
def service_on_the_hosts_loopback():
    return speak(socket.AF_INET, ("127.0.0.1", FACTS["port"]))


@attempt
def service_on_the_hosts_loopback_ipv6():
    return speak(socket.AF_INET6, ("::1", FACTS["port6"]))


@attempt
def service_on_the_hosts_address():
    """By the address that this machine has in its own network."""
    return speak(socket.AF_INET, (FACTS["address"], FACTS["port_everywhere"]))


@attempt
def service_on_the_gateway():
    return speak(socket.AF_INET, (FACTS["gateway"] or "127.0.0.1", FACTS["port_everywhere"]))


@attempt
def listener_of_another_namespace():
    """The control enters the other namespace's network, as root may."""
    if not FACTS["inside"]:
        call("setns", os.open(f"/proc/{FACTS['victim_pid']}/ns/net", os.O_RDONLY), 0)
    return speak(socket.AF_INET, ("127.0.0.1", FACTS["victim_port"]))


def speak(family, address):
    with socket.socket(family) as connection:
        connection.settimeout(3)
        connection.connect(address)
        assert FACTS["secret"].encode() in connection.recv(256), "somebody else answers"
        return str(address)


# ---- the kernel ----

@attempt
def mount():
    with tempfile.TemporaryDirectory() as directory:
        call("mount", b"none", directory.encode(), b"tmpfs", 0, None)
        call("umount", directory.encode())


@attempt
def user_namespace():
    child(lambda: call("unshare", 0x10000000))


@attempt
def network_namespace():
    child(lambda: call("unshare", 0x40000000))


@attempt
def device_node():
    with tempfile.TemporaryDirectory() as directory:
        os.mknod(f"{directory}/disk", stat.S_IFBLK | 0o600, FACTS["disk"])
        assert os.read(os.open(f"{directory}/disk", os.O_RDONLY), 1)


@attempt
def kernel_log():
    into = ctypes.create_string_buffer(4096)
    assert call("klogctl", 3, into, 4096) > 0


@attempt
def kernel_setting():
    path = pathlib.Path("/proc/sys/vm/overcommit_memory")
    path.write_text(path.read_text())


@attempt
def system_request():
    os.close(os.open("/proc/sysrq-trigger", os.O_WRONLY))


@attempt
def control_group():
    """Makes one beside the host's own."""
    for line in open("/proc/mounts"):
        kind, place = line.split()[2], line.split()[1]
        if kind in ("cgroup", "cgroup2"):
            os.mkdir(f"{place}/{FACTS['name']}")
            os.rmdir(f"{place}/{FACTS['name']}")
            return place
    raise AssertionError("none is mounted")


@attempt
def host_program():
    """Nothing that other steps run can be changed."""
    descriptor = os.open("/usr/bin/env", os.O_WRONLY)
    os.close(descriptor)


@attempt
def host_name():
    name = socket.gethostname().encode()
    call("sethostname", name, ctypes.c_size_t(len(name)))


@attempt
def kernel_program():
    attributes = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 8, 1), 120)
    os.close(call({"x86_64": 321, "aarch64": 280}[os.uname().machine], 0, attributes, 120))


@attempt
def privileges():
    fields = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) or int(fields["CapBnd"], 16) or fields["NoNewPrivs"] == "0", "none, and none to be had"


@attempt
def raw_packets():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


@attempt
def hard_link_to_a_host_file():
    directory = tempfile.mkdtemp(dir=FACTS["link_directory"])
    try:
        os.link(FACTS["temporary"], f"{directory}/link")
        return content(f"{directory}/link")
    finally:
        for name in os.listdir(directory):
            os.unlink(f"{directory}/{name}")
        os.rmdir(directory)


# ---- the API: the control has the admin's token ----

def api(path, token=None, method="GET", body=None):
    base = FACTS["url"] if not FACTS["inside"] else os.environ["MONOFLOW_SERVER"]
    request = urllib.request.Request(base + path, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token or not FACTS["inside"]:
        request.add_header("Authorization", f"Bearer {token if FACTS['inside'] else FACTS['admin_token']}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def own_token():
    return pathlib.Path(os.environ["KF_PIPELINES_SA_TOKEN_PATH"]).read_text().strip() if FACTS["inside"] else None


@attempt
def api_without_a_token():
    return api("/api/namespaces")


@attempt
def api_with_a_forged_token():
    token = own_token()
    return api("/api/namespaces", token and token.replace(FACTS["own_task"], FACTS["victim_task"]) + "A")


@attempt
def api_with_the_token_of_an_ended_step():
    return api("/api/namespaces", FACTS["ended_token"])


@attempt
def run_of_another_namespace():
    return api(f"/apis/v2beta1/runs/{FACTS['victim_run']}", own_token())


@attempt
def log_of_another_namespace():
    return api(f"/apis/v1alpha1/runs/{FACTS['victim_run']}/nodes/{FACTS['victim_node']}/log", own_token())


@attempt
def secrets_of_another_namespace():
    return api(f"/api/v1/namespaces/{FACTS['victim_namespace']}/secrets", own_token())


@attempt
def new_secret_in_another_namespace():
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": FACTS["name"]}, "stringData": {"a": "b"}}
    return api(f"/api/v1/namespaces/{FACTS['victim_namespace']}/secrets", own_token(), "POST", body)


@attempt
def settings_of_another_namespace():
    return api(f"/api/namespaces/{FACTS['victim_namespace']}", own_token(), "PATCH", {"network": True})


@attempt
def secrets_of_the_own_namespace_that_were_not_named():
    return api(f"/api/v1/namespaces/{FACTS['own_namespace']}/secrets", own_token())


@attempt
def keys_of_secrets_by_the_native_api():
    return api(f"/api/namespaces/{FACTS['own_namespace']}/secrets", own_token())


@attempt
def settings_of_the_own_namespace():
    """An editor's token does not change how its namespace is isolated."""
    return api(f"/api/namespaces/{FACTS['own_namespace']}", own_token(), "PATCH", {"network": True})


@attempt
def user_of_the_attackers_own():
    return api("/api/users", own_token(), "POST", {
        "name": FACTS["name"], "home_namespace": FACTS["victim_namespace"], "is_admin": True, "roles": [{"namespace": FACTS["victim_namespace"], "role": "owner"}]})


@attempt
def session():
    return api("/api/tokens", own_token())


def child(work):
    """In a process of its own, which the attempt may change for good."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise OSError(status, os.strerror(status))


def main():
    for function in ATTEMPTS:
        reader, writer = os.pipe()
        # Each in a process of its own: one that ends its process, or changes it, does not end the others.
        if os.fork() == 0:
            os.close(reader)
            try:
                outcome = {"reached": True, "detail": str(function() or "")}
            except BaseException as error:
                outcome = {"reached": False, "detail": f"{type(error).__name__}: {error}"}
            os.write(writer, json.dumps({"name": function.__name__, **outcome}).encode()[:4000])
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            told = pipe.read()
        os.wait()
        print(told.decode() if told else json.dumps({"name": function.__name__, "reached": False, "detail": "ended"}), flush=True)


main()

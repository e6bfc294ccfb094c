"""Serve: hand the ONNX model to the server as the next version, and wait until it answers."""

import argparse
import json
import os
import pathlib
import urllib.error
import urllib.request

import bucket as buckets

TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--onnx", required=True)
    parser.add_argument("--version-file", default="/version.txt")
    parser.add_argument("--output", default=str(buckets.OUTPUT))
    arguments = parser.parse_args()
    buckets.check(arguments.bucket, arguments.onnx)

    name = buckets.name(arguments.bucket)
    request = urllib.request.Request(
        f"{os.environ['MONOFLOW_SERVER']}/api/models/{name}/versions/next",
        data=pathlib.Path(arguments.onnx).read_bytes(), method="PUT",
        headers={
            "Authorization": "Bearer " + pathlib.Path(os.environ.get("MONOFLOW_TOKEN_FILE", TOKEN)).read_text().strip(),
            "Content-Type": "application/octet-stream",
        })
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            model = json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{name} was not deployed: {error.code} {error.read().decode(errors='replace')}")
    version = max(int(version["version"]) for version in model["versions"])
    print(f"{name} version {version} is ready: {model['inputs']} -> {model['outputs']}", flush=True)
    pathlib.Path(arguments.version_file).write_text(str(version))
    buckets.publish(arguments.bucket, arguments.onnx, arguments.output)


main()

"""Runs a talk pipeline on a Monoflow server through the real kfp SDK, then asks the served model.

    python run_demo.py --sdk 2 --host http://127.0.0.1:8080 --token-file DATA/admin-token

Run it with a Python that has the matching SDK (kfp 1.8 or kfp 2), scikit-learn and requests. The last
line is one JSON object with the run, its state and the accuracy on the held-out images, computed from
the server's answers. The exit status is 0 only for an accuracy of at least 0.95.
"""

import argparse
import importlib.util
import json
import pathlib
import sys
import tempfile
import time
import warnings

import requests

HERE = pathlib.Path(__file__).resolve().parent
NEEDED_ACCURACY = 0.95


def held_out_images(seed):
    """The images that the pipeline with this seed never trains on: (images [450,64] of 0…1, labels [450])."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype("float32")
    _, images, _, labels = train_test_split(images, labels, test_size=0.25, random_state=seed, stratify=labels)
    return images, labels


def accuracy(host, token, model, version, seed):
    """Sends all held-out images to one version of the model and counts the right labels."""
    images, labels = held_out_images(seed)
    right = 0
    for start in range(0, len(labels), 150):
        batch = images[start:start + 150]
        answer = requests.post(
            f"{host}/v2/models/{model}/versions/{version}/infer", timeout=60,
            headers={"Authorization": f"Bearer {token}"},
            json={
                "inputs": [{
                    "name": "X", "datatype": "FP32", "shape": list(batch.shape),
                    "data": [float(pixel) for pixel in batch.reshape(-1)],
                }],
                "outputs": [{"name": "label"}],
            })
        answer.raise_for_status()
        outputs = {output["name"]: output for output in answer.json()["outputs"]}
        predicted = outputs["label"]["data"]
        if len(predicted) != len(batch):
            raise SystemExit(f"{len(batch)} images were sent, {len(predicted)} labels came back")
        right += sum(int(a) == int(b) for a, b in zip(predicted, labels[start:start + 150]))
    return right / len(labels)


def load_pipelines(sdk):
    spec = importlib.util.spec_from_file_location("pipeline", HERE / f"v{sdk}" / "pipeline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_v1(client, package, variant, arguments, timeout):
    experiment = client.create_experiment("talk")
    run = client.run_pipeline(experiment.id, f"talk-v1-{variant}", package, params=arguments)
    detail = client.wait_for_run_completion(run.id, timeout)
    return run.id, detail.run.status


def run_v2(client, package, variant, arguments, timeout, reuse):
    experiment = client.create_experiment("talk")
    run = client.run_pipeline(
        experiment.experiment_id, f"talk-v2-{variant}", package, params=arguments, enable_caching=None if reuse else False)
    detail = client.wait_for_run_completion(run.run_id, timeout)
    return run.run_id, detail.state


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sdk", choices=["1", "2"], required=True)
    parser.add_argument("--variant", choices=["talk", "swapped", "validated"], default="talk")
    parser.add_argument("--host", default="http://127.0.0.1:8080")
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--model", default="digits", help="the name that the model is served under")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--timeout", type=int, default=1200, help="seconds; the first run also builds environments")
    parser.add_argument(
        "--reuse", action="store_true", help="lets steps that are equal to earlier ones be reused (kfp 2); without it all of them run")
    options = parser.parse_args()
    token = pathlib.Path(options.token_file).read_text().strip()
    host = options.host.rstrip("/")

    warnings.filterwarnings("ignore", category=FutureWarning)
    import kfp
    if kfp.__version__.split(".")[0] != options.sdk:
        raise SystemExit(f"this Python has kfp {kfp.__version__}, but --sdk {options.sdk} was asked for")
    client = kfp.Client(host=host, existing_token=token)
    with tempfile.TemporaryDirectory() as directory:
        package = load_pipelines(options.sdk).compile_to(directory, options.variant)
        started = time.monotonic()
        if options.sdk == "1":
            arguments = {"bucket": options.model, "seed": options.seed}
            run_id, state = run_v1(client, package, options.variant, arguments, options.timeout)
        else:
            arguments = {"name": options.model, "seed": options.seed}
            run_id, state = run_v2(client, package, options.variant, arguments, options.timeout, options.reuse)
    result = {
        "sdk": kfp.__version__, "variant": options.variant, "run_id": run_id, "state": str(state),
        "seconds": round(time.monotonic() - started, 1), "model": options.model,
    }
    if result["state"].lower() == "succeeded":
        served = requests.get(
            f"{host}/api/models/{options.model}", headers={"Authorization": f"Bearer {token}"}, timeout=60)
        served.raise_for_status()
        result["version"] = max(int(version["version"]) for version in served.json()["versions"])
        result["accuracy"] = accuracy(host, token, options.model, result["version"], options.seed)
    print(json.dumps(result), flush=True)
    if result.get("accuracy", 0) < NEEDED_ACCURACY:
        sys.exit(1)


if __name__ == "__main__":
    main()

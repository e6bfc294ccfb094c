"""The string that the steps pass along: `NAME/DIGEST`.

NAME says what is being made (and is the served model's name in the end); DIGEST names the file that
the step made, so the next step can tell that it was handed exactly that file.
"""

import hashlib
import pathlib

OUTPUT = pathlib.Path("/output.txt")


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()[:16]


def name(bucket):
    return bucket.partition("/")[0]


def publish(bucket, path, output=OUTPUT):
    """Writes the step's `bucket` output for the file that it made."""
    value = f"{name(bucket)}/{digest(path)}"
    pathlib.Path(output).write_text(value)
    print(f"bucket: {value}", flush=True)


def check(bucket, path):
    """Refuses a file that is not the one the bucket names."""
    expected = bucket.partition("/")[2]
    if digest(path) != expected:
        raise SystemExit(f"{path} is {digest(path)}, but the bucket names {expected}")

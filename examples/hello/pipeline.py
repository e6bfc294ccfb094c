"""A small pipeline without dependencies: the dashboard's set-up page runs it on a new server.

    python examples/hello/pipeline.py Public/sample-pipeline.yaml
"""

import sys

from kfp import compiler, dsl

# The image table maps it to the host's own programs: nothing is downloaded.
IMAGE = "alpine:3"


@dsl.container_component
def greet(name: str, greeting: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["sh", "-ec", 'mkdir -p "$(dirname "$1")"; printf "Hello, %s!" "$0" | tee "$1"; echo'],
        args=[name, greeting],
    )


@dsl.container_component
def square(number: int):
    return dsl.ContainerSpec(image=IMAGE, command=["sh", "-ec", 'echo "$0 squared is $(($0 * $0))"'], args=[number])


@dsl.container_component
def report(greeting: str, page: dsl.Output[dsl.Markdown]):
    return dsl.ContainerSpec(
        image=IMAGE,
        command=[
            "sh",
            "-ec",
            'mkdir -p "$(dirname "$1")"; printf "# %s\\n\\nThis server runs pipelines.\\n" "$0" > "$1"; cat "$1"',
        ],
        args=[greeting, page.path],
    )


@dsl.pipeline(name="hello", description="Greets, squares three numbers at the same time, and writes a report.")
def hello(name: str = "Monoflow"):
    greeting = greet(name=name)
    with dsl.ParallelFor([2, 3, 4]) as number:
        squares = square(number=number)
        squares.after(greeting)
    report(greeting=greeting.outputs["greeting"]).after(squares)


if __name__ == "__main__":
    compiler.Compiler().compile(hello, sys.argv[1])

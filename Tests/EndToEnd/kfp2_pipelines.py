"""Pipelines of the tests, for the kfp 2 SDK. Shell steps where the step itself does not matter: they start in milliseconds."""

from typing import List, NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, ClassificationMetrics, Dataset, Input, Markdown, Metrics, Model, Output

from gate import SHELL

PYTHON = "python:3.11"


@dsl.container_component
def say(text: str, said: dsl.OutputPath(str)):
    """Prints the text and returns it."""
    return dsl.ContainerSpec(
        image="alpine:3.20",
        command=["sh", "-c", 'mkdir -p "$(dirname "$1")" && echo "$0" && printf %s "$0" > "$1"'], args=[text, said])


@dsl.container_component
def join(a: str, b: str, said: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image="alpine", command=["sh", "-c", 'mkdir -p "$(dirname "$2")" && echo "$0-$1" && printf %s "$0-$1" > "$2"'],
        args=[a, b, said])


@dsl.container_component
def fail(code: int):
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", 'echo "about to fail" >&2; exit "$0"'], args=[code])


@dsl.container_component
def gated(port: int, name: str, lines: int):
    """Prints `lines` numbered lines, waits at the gate, prints as many again."""
    return dsl.ContainerSpec(
        image="bash", command=["bash", "-c", SHELL + """
PORT=$0
for ((i = 1; i <= $2; i++)); do echo "line $i"; done
gate "$1"
for ((i = $2 + 1; i <= 2 * $2; i++)); do echo "line $i"; done
"""], args=[port, name, lines])


@dsl.container_component
def counted(port: int, text: str, said: dsl.OutputPath(str), data: Output[Dataset]):
    """Tells the gate `made` that it runs; gives the text as a parameter and as a file."""
    return dsl.ContainerSpec(
        image="bash", command=["bash", "-c", SHELL + """
PORT=$0
gate made
mkdir -p "$(dirname "$2")" "$(dirname "$3")" && printf %s "$1" > "$2" && printf %s "$1" > "$3"
"""], args=[port, text, said, data.path])


@dsl.container_component
def counted_use(port: int, data: Input[Dataset], size: dsl.OutputPath(int)):
    return dsl.ContainerSpec(
        image="bash", command=["bash", "-c", SHELL + """
PORT=$0
gate used
mkdir -p "$(dirname "$2")" && wc -c < "$1" | tr -d ' \\n' > "$2"
"""], args=[port, data.path, size])


@dsl.pipeline(name="counted")
def counted_pipeline(port: int, text: str = "some text") -> int:
    made = counted(port=port, text=text)
    return counted_use(port=port, data=made.outputs["data"]).outputs["size"]


@dsl.container_component
def flaky(port: int, name: str, said: dsl.OutputPath(str)):
    """Fails where the test says `stop` at the gate."""
    return dsl.ContainerSpec(
        image="bash", command=["bash", "-c", SHELL + """
PORT=$0
gate "$1"
echo "told $WORD"
[ "$WORD" = go ] && mkdir -p "$(dirname "$2")" && printf %s "$1" > "$2"
"""], args=[port, name, said])


@dsl.pipeline(name="unsteady")
def unsteady(port: int) -> str:
    first = flaky(port=port, name="first")
    return flaky(port=port, name="second").after(first).outputs["said"]


@dsl.pipeline(name="retried")
def retried(port: int):
    tried = unsteady(port=port).set_retry(num_retries=3, backoff_duration="2s")
    say(text=tried.output).set_display_name("after")


@dsl.component(base_image=PYTHON)
def square(x: int) -> int:
    return x * x


@dsl.component(base_image=PYTHON)
def total(xs: List[int]) -> int:
    print("summing", xs)
    return sum(xs)


@dsl.component(base_image=PYTHON)
def add(a: int, b: int) -> int:
    return a + b


@dsl.pipeline(name="hello")
def hello(text: str = "hello"):
    first = say(text=text).set_display_name("first")
    say(text=first.outputs["said"]).set_display_name("second")


@dsl.pipeline(name="failing")
def failing():
    bad = fail(code=7)
    say(text="never").after(bad).set_display_name("after")


@dsl.pipeline(name="waiting")
def waiting(port: int, lines: int = 3):
    step = gated(port=port, name="middle", lines=lines)
    say(text="afterwards").after(step)


@dsl.pipeline(name="two-gates")
def two_gates(port: int, lines: int = 200):
    first = gated(port=port, name="first", lines=lines).set_display_name("first")
    gated(port=port, name="second", lines=lines).after(first).set_display_name("second")


@dsl.pipeline(name="conditions")
def conditions(n: int):
    with dsl.If(n == 1, name="one"):
        one = say(text="one").set_display_name("one")
    with dsl.Elif(n == 2, name="two"):
        two = say(text="two").set_display_name("two")
    with dsl.Else(name="many"):
        many = say(text="many").set_display_name("many")
    chosen = dsl.OneOf(one.outputs["said"], two.outputs["said"], many.outputs["said"])
    say(text=chosen).set_display_name("chosen")


@dsl.pipeline(name="loops")
def loops(words: List[str] = ["a", "b"]) -> int:
    with dsl.ParallelFor([1, 2, 3], name="squares", parallelism=2) as x:
        squared = square(x=x)
    summed = total(xs=dsl.Collected(squared.output))
    with dsl.ParallelFor(words, name="words") as word:
        said = say(text=word).set_display_name("word")
        with dsl.If(said.outputs["said"] == "b", name="is-b"):
            say(text="found b").set_display_name("found")
    with dsl.ParallelFor([{"a": "1", "b": "x"}, {"a": "2", "b": "y"}], name="records") as record:
        join(a=record.a, b=record.b).set_display_name("record")
    # Inside a longer text the compiler names the item's members in another way.
    with dsl.ParallelFor([{"a": "1", "b": "x"}, {"a": "2", "b": "y"}], name="labels") as record:
        say(text=f"{record.a}:{record.b}").set_display_name("label")
    return summed.output


@dsl.component(base_image=PYTHON)
def report(note: str, status: dsl.PipelineTaskFinalStatus):
    print(f"note={note} state={status.state} error={status.error_message}")


@dsl.pipeline(name="exit-handler")
def exit_handler(code: int = 3):
    with dsl.ExitHandler(report(note="always"), name="guarded"):
        fail(code=code)


@dsl.pipeline(name="exit-handler-after-success")
def exit_handler_after_success():
    with dsl.ExitHandler(report(note="always"), name="guarded"):
        say(text="fine")


@dsl.component(base_image=PYTHON)
def make(rows: int, data: Output[Dataset], folder: Output[Artifact]):
    import os
    import pathlib
    pathlib.Path(data.path).write_text("".join(f"{i},{i * i}\n" for i in range(rows)))
    data.metadata["rows"] = rows
    data.metadata["columns"] = ["i", "square"]
    os.makedirs(folder.path, exist_ok=True)
    (pathlib.Path(folder.path) / "a.txt").write_text("A")
    (pathlib.Path(folder.path) / "sub").mkdir()
    (pathlib.Path(folder.path) / "sub" / "b.txt").write_text("B")


@dsl.component(base_image=PYTHON)
def use(
    data: Input[Dataset], metrics: Output[Metrics], matrix: Output[ClassificationMetrics],
    summary: Output[Markdown], model: Output[Model],
) -> int:
    lines = open(data.path).read().splitlines()
    metrics.log_metric("lines", len(lines))
    matrix.log_confusion_matrix(["no", "yes"], [[5, 1], [2, 7]])
    with open(summary.path, "w") as file:
        file.write(f"# {len(lines)} lines of {data.metadata['rows']}\n")
    with open(model.path, "wb") as file:
        file.write(bytes(range(256)) * 64)
    return len(lines)


@dsl.pipeline(name="artifacts")
def artifacts_pipeline(rows: int = 5) -> int:
    made = make(rows=rows)
    return use(data=made.outputs["data"]).outputs["Output"]


@dsl.pipeline(name="inner")
def inner(x: int) -> NamedTuple("Outputs", [("squared", int), ("data", Dataset)]):
    made = make(rows=x)
    Outputs = NamedTuple("Outputs", [("squared", int), ("data", Dataset)])
    return Outputs(square(x=x).output, made.outputs["data"])


@dsl.pipeline(name="nested")
def nested(x: int = 4) -> int:
    within = inner(x=x)
    used = use(data=within.outputs["data"])
    return add(a=within.outputs["squared"], b=used.outputs["Output"]).output

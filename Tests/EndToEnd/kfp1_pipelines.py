"""Pipelines of the tests, for the kfp 1.8 SDK: container steps on the host's shell tools."""

from kfp import dsl

from gate import SHELL


def say(text, name="say"):
    """Prints the text and returns it as `said`."""
    return dsl.ContainerOp(
        name=name, image="alpine:3.20", command=["sh", "-c"],
        arguments=['echo "$0" && printf %s "$0" > /output.txt', text], file_outputs={"said": "/output.txt"})


def fail(code, name="fail"):
    return dsl.ContainerOp(
        name=name, image="alpine", command=["sh", "-c"], arguments=['echo "about to fail" >&2; exit "$0"', code])


def gated(port, name, lines):
    return dsl.ContainerOp(
        name=name, image="bash", command=["bash", "-c"], arguments=[SHELL + """
PORT=$0
for ((i = 1; i <= $2; i++)); do echo "line $i"; done
gate "$1"
for ((i = $2 + 1; i <= 2 * $2; i++)); do echo "line $i"; done
""", port, name, lines])


@dsl.pipeline(name="hello")
def hello(text: str = "hello"):
    first = say(text, "first")
    say(first.outputs["said"], "second")


@dsl.pipeline(name="failing")
def failing():
    bad = fail(7)
    say("never", "after").after(bad)


@dsl.pipeline(name="waiting")
def waiting(port: int, lines: int = 3):
    say("afterwards", "after").after(gated(port, "middle", lines))


@dsl.pipeline(name="conditions")
def conditions(n: int = 2, limit: int = 10):
    side = dsl.ContainerOp(
        name="flip", image="bash", command=["bash", "-c"],
        arguments=['if [ "$0" = 1 ]; then echo -n heads; else echo -n tails; fi > /side.txt', n],
        file_outputs={"side": "/side.txt"})
    with dsl.Condition(side.outputs["side"] == "heads", name="heads"):
        say("it was heads", "heads-step")
    with dsl.Condition(side.outputs["side"] != "heads", name="tails"):
        said = say("it was tails", "tails-step")
        with dsl.Condition(said.outputs["said"] == "it was tails", name="deeper"):
            say("deeper", "deeper-step")
    with dsl.Condition(n > limit, name="large"):
        say("large", "large-step")


@dsl.pipeline(name="loops")
def loops(words: list = ["p", "q"]):
    with dsl.ParallelFor([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]) as item:
        say(f"{item.a}-{item.b}", "static")
    numbers = dsl.ContainerOp(
        name="numbers", image="alpine", command=["sh", "-c"], arguments=["printf '[10, 20, 30]' > /numbers.json"],
        file_outputs={"list": "/numbers.json"})
    with dsl.ParallelFor(numbers.outputs["list"]) as number:
        with dsl.ParallelFor(["l", "r"]) as side:
            say(f"{number}{side}", "inner")
    with dsl.ParallelFor(words) as word:
        say(word, "word")


@dsl.pipeline(name="exit-handler")
def exit_handler(code: int = 5):
    last = dsl.ContainerOp(
        name="cleanup", image="alpine", command=["sh", "-c"], arguments=["echo status={{workflow.status}}"])
    with dsl.ExitHandler(last):
        say("before").after()
        fail(code)


@dsl.pipeline(name="artifacts")
def artifacts():
    made = dsl.ContainerOp(
        name="make", image="bash", command=["bash", "-c"],
        arguments=["mkdir -p /made && seq 1 1000 > /made/data.csv && echo '{\"metrics\": [{\"name\": \"rows\", "
                   "\"numberValue\": 1000, \"format\": \"RAW\"}]}' > /mlpipeline-metrics.json"],
        file_outputs={"data": "/made/data.csv", "mlpipeline-metrics": "/mlpipeline-metrics.json"})
    dsl.ContainerOp(
        name="use", image="alpine", command=["sh", "-c"],
        arguments=['wc -l < "$0" | tr -d " \\n" > /lines.txt && cat /lines.txt',
                   dsl.InputArgumentPath(made.outputs["data"], input="data")],
        file_outputs={"lines": "/lines.txt"})


@dsl.graph_component
def count_down(n):
    step = dsl.ContainerOp(
        name="decrement", image="bash", command=["bash", "-c"],
        arguments=['echo "at $0"; echo -n $(($0 - 1)) > /n.txt', n], file_outputs={"n": "/n.txt"})
    with dsl.Condition(step.outputs["n"] > 0, name="again"):
        count_down(step.outputs["n"])


@dsl.pipeline(name="recursion")
def recursion(start: int = 3):
    count_down(start)


@dsl.pipeline(name="raw-input")
def raw_input():
    dsl.ContainerOp(
        name="read", image="alpine", command=["sh", "-c"], arguments=['cat "$0"', dsl.InputArgumentPath("raw data", input="raw")])
    dsl.ContainerOp(
        name="limits", image="alpine", command=["sh", "-c"], arguments=["echo $GREETING"]).add_env_variable(
            _variable("GREETING", "hello from the environment")).set_retry(2)


def _variable(name, value):
    from kubernetes.client.models import V1EnvVar
    return V1EnvVar(name=name, value=value)


PIPELINES = {
    "hello": hello, "failing": failing, "waiting": waiting, "conditions": conditions, "loops": loops,
    "exit_handler": exit_handler, "artifacts": artifacts, "recursion": recursion, "raw_input": raw_input,
}

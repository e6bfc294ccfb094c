"""Steps as they are written by hand: one container that runs a Python program of the host's interpreter."""


def specification(name, program, arguments, env=None, outputs=()):
    """A pipeline of one step that runs a Python program of the host's interpreter."""
    container = {"image": "bash", "command": ["/usr/bin/python3", "-c", program, *arguments]}
    if env:
        container["env"] = [{"name": key, "value": value} for key, value in env.items()]
    component = {"executorLabel": "exec"}
    if outputs:
        component["outputDefinitions"] = {"parameters": {output: {"parameterType": "STRING"} for output in outputs}}
    return {
        "pipelineInfo": {"name": name}, "schemaVersion": "2.1.0", "sdkVersion": "kfp-2.17.0",
        "root": {"dag": {"tasks": {"step": {
            "componentRef": {"name": "comp"}, "taskInfo": {"name": "step"}, "cachingOptions": {}}}}},
        "components": {"comp": component},
        "deploymentSpec": {"executors": {"exec": {"container": container}}},
    }


class Namespace:
    def __init__(self, server, name):
        self.server, self.name = server, name
        server.json("POST", "/api/namespaces", json={"name": name})
        self.experiment = server.json("POST", "/apis/v2beta1/experiments", json={"display_name": name, "namespace": name})["experiment_id"]

    def start(self, spec):
        return self.server.json("POST", "/apis/v2beta1/runs", json={
            "display_name": spec["pipelineInfo"]["name"], "experiment_id": self.experiment, "pipeline_spec": spec})["run_id"]

    def run(self, spec, state="Succeeded"):
        """The step's log once the run has ended so."""
        graph = self.server.wait(self.start(spec), timeout=120)
        assert graph.state == state, graph.explain()
        return graph.log(graph.one("step"))

    def start_and_follow(self, spec, line):
        """Returns run and node when the step has logged this line."""
        run = self.start(spec)
        for event, _ in self.server.watch(run, 60):
            graph = self.server.json("GET", f"/api/runs/{run}/graph")
            step = next((node for node in graph["nodes"] if node["type"] == "Container"), None)
            if event == "end" or (step and step["state"] == "Running"):
                break
        with self.server.request("GET", f"/apis/v1alpha1/runs/{run}/nodes/{step['id']}/log", params={"follow": "true"}, stream=True) as log:
            lines = []
            for text in log.iter_lines(decode_unicode=True):
                lines.append(text)
                if text == line:
                    return run, step
        raise AssertionError("\n".join(lines))

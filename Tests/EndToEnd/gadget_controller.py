"""A controller of a user-defined kind, as somebody would write it with kopf: keeps a config map for each gadget."""

import kopf
import kubernetes


def maps():
    kubernetes.config.load_kube_config()
    return kubernetes.client.CoreV1Api()


@kopf.on.startup()
def configure(settings, **_):
    settings.posting.enabled = True


@kopf.on.create("example.org", "v1", "gadgets")
@kopf.on.update("example.org", "v1", "gadgets", field="spec")
def keep(spec, name, namespace, body, patch, **_):
    document = {"metadata": {"name": f"gadget-{name}"}, "data": {"power": str(spec["power"])}}
    kopf.adopt(document, owner=body)
    try:
        maps().create_namespaced_config_map(namespace, document)
    except kubernetes.client.ApiException as error:
        if error.status != 409:
            raise
        maps().patch_namespaced_config_map(f"gadget-{name}", namespace, {"data": document["data"]})
    patch.status["power"] = spec["power"]
    kopf.info(body, reason="Kept", message=f"power {spec['power']}")


@kopf.on.delete("example.org", "v1", "gadgets")
def end(name, namespace, **_):
    kubernetes.config.load_kube_config()
    maps().create_namespaced_config_map(namespace, {"metadata": {"name": f"end-of-{name}"}})

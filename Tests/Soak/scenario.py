"""What the soak test configures, generation by generation, and what each generation's responses must look like."""

import json
import os
import pathlib

# Each swap changes one thing, in turn.
KINDS = ("plugin configuration", "route", "plugin added or removed", "module replaced")
# In Tests/Plugins/headers.c: the response header it adds. As long as its stand-ins.
MARK = b"x-plugin"


def last(generation: int, kind: int) -> int:
    """The newest generation, up to this one, that changed that kind; 0: the start."""
    return max(0, generation - (generation - kind) % len(KINDS)) if generation >= kind else 0


def expected(generation: int) -> dict[str, str]:
    """Response headers of a generation: all of one, or it was half-applied."""
    headers = {
        f"p{last(generation, 3):07d}": f"c{last(generation, 0)}",
        "x-route": f"r{last(generation, 1)}",
    }
    if generation >= 2 and (last(generation, 2) - 2) // len(KINDS) % 2 == 0:
        headers["x-order"] = "added"
    return headers


class Scenario:
    """Files in a folder that a running mizzen watches. Port `plain` has the plugins that change; port `calling` a
    plugin that calls the upstream for each request, with a configuration that changes, too."""

    def __init__(self, folder: pathlib.Path, plugins: pathlib.Path, plain: int, calling: int, upstream: int) -> None:
        self.folder, self.plugins, self.plain, self.calling, self.upstream = folder, plugins, plain, calling, upstream
        self.config = folder / "config"
        self.config.mkdir()
        self.module = (plugins / "headers.wasm").read_bytes()
        if self.module.count(MARK) != 1:
            raise RuntimeError("Tests/Plugins/headers.c no longer has its mark; mend Tests/Soak/scenario.py")
        self.modules: list[pathlib.Path] = []

    def write(self, generation: int) -> None:
        """Makes that generation the newest. One file, replaced by rename, so that it changes at once."""
        changed = last(generation, 3)
        module = self.folder / f"headers-{changed}.wasm"
        if not module.exists():
            module.write_bytes(self.module.replace(MARK, b"p%07d" % changed))
            self.modules.append(module)
        documents = [self._gateway(), self._service(), *self._routes(generation), self._caller(generation)]
        documents.append(self._plugin("headers", module, {"name": f"c{last(generation, 0)}"}, self.plain))
        if "x-order" in expected(generation):
            documents.append(self._plugin("order", self.plugins / "order.wasm", {"name": "added"}, self.plain))
        text = "\n---\n".join(json.dumps(document) for document in documents)
        new = self.folder / "new"
        new.write_text(text)
        os.replace(new, self.config / "all.yaml")
        # A generation that still starts may read its module: the one before the last is certainly unused.
        while len(self.modules) > 3:
            self.modules.pop(0).unlink()

    def _gateway(self) -> dict:
        servers = [
            {"port": {"number": port, "name": name, "protocol": "HTTP"}, "hosts": ["*"]}
            for name, port in (("plain", self.plain), ("calling", self.calling))
        ]
        return resource("networking.istio.io/v1", "Gateway", "soak", selector={"istio": "ingressgateway"}, servers=servers)

    def _routes(self, generation: int) -> list[dict]:
        route = {
            "headers": {"response": {"set": {"x-route": f"r{last(generation, 1)}"}}},
            "route": [{"destination": {"host": "echo.local", "port": {"number": self.upstream}}}],
        }
        return [
            resource("networking.istio.io/v1", "VirtualService", "soak", hosts=["*"], gateways=["soak"], http=[route])
        ]

    def _service(self) -> dict:
        return resource(
            "networking.istio.io/v1", "ServiceEntry", "echo", hosts=["echo.local"], location="MESH_EXTERNAL",
            resolution="STATIC", ports=[{"number": self.upstream, "name": "http", "protocol": "HTTP"}],
            endpoints=[{"address": "127.0.0.1"}],
        )  # fmt: skip

    def _caller(self, generation: int) -> dict:
        cluster = f"outbound|{self.upstream}||echo.local"
        # Another configuration each eighth time: its VM is replaced with calls in flight.
        path = f"/check/{generation // 8}"
        configuration = {"cluster": cluster, "path": path, "timeout": 20000, "then": "continue"}
        return self._plugin("callout", self.plugins / "callout.wasm", configuration, self.calling)

    def _plugin(self, name: str, module: pathlib.Path, configuration: dict, port: int) -> dict:
        return resource(
            "extensions.istio.io/v1alpha1", "WasmPlugin", name, url=f"file://{module}", pluginConfig=configuration,
            match=[{"mode": "CLIENT", "ports": [{"number": port}]}], failStrategy="FAIL_CLOSE",
        )  # fmt: skip


def resource(version: str, kind: str, name: str, **spec: object) -> dict:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": spec}

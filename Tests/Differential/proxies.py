"""The same scenario as a configuration of Envoy and of Mizzen.

Both: one worker, one HTTP/1.1 listener, one upstream, callees for HTTP and for gRPC calls of plugins, clusters that
refuse connections; buffers of 1 MiB; no retries, no timeouts of routes; client address appended to x-forwarded-for.
"""

import json
import pathlib

import steps

NAMESPACE = "default"


class Ports:
    def __init__(self, listener: int, admin: int, upstream: int, callee: int, grpc: int, dead: int) -> None:
        self.listener, self.admin, self.upstream = listener, admin, upstream
        self.callee, self.grpc, self.dead = callee, grpc, dead


def configuration_text(plugin: steps.Plugin) -> str:
    """What both proxies hand to the plugin, byte for byte."""
    if plugin.config is not None:
        return plugin.config
    members = {"name": plugin.name, "script": " # ".join(plugin.script), **plugin.extra}
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


def module_path(plugins: pathlib.Path, plugin: steps.Plugin) -> pathlib.Path:
    return plugins / f"{plugin.module}.wasm"


def _socket(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _any(name: str, **fields: object) -> dict:
    return {"@type": f"type.googleapis.com/{name}", **fields}


def _wasm_filter(plugin: steps.Plugin, plugins: pathlib.Path, kind: str) -> dict:
    config: dict = {
        "name": f"{NAMESPACE}.{plugin.name}",
        "root_id": plugin.name,
        "failure_policy": {"FAIL_CLOSE": "FAIL_CLOSED"}.get(plugin.strategy, plugin.strategy),
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": str(module_path(plugins, plugin))}},
        },
    }
    text = configuration_text(plugin)
    if text:
        config["configuration"] = _any("google.protobuf.StringValue", value=text)
    if plugin.environment:
        config["vm_config"]["environment_variables"] = {"key_values": plugin.environment}
    return {
        "name": f"{NAMESPACE}.{plugin.name}",
        "typed_config": _any(f"envoy.extensions.filters.{kind}.wasm.v3.Wasm", config=config),
    }


def _cluster(name: str, port: int) -> dict:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(port)}}]}],
        },
    }


_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_HTTP2 = {
    "typed_extension_protocol_options": {
        _HTTP_OPTIONS: _any(_HTTP_OPTIONS, explicit_http_config={"http2_protocol_options": {}})
    }
}


def envoy(
    folder: pathlib.Path, binary: pathlib.Path, plugins: pathlib.Path, scenario: steps.Scenario, ports: Ports
) -> list[str]:
    routes = [
        {
            "name": "default",
            "match": {"prefix": route["prefix"]},
            "route": {"cluster": route["cluster"], "timeout": "0s"},
        }
        for route in [*scenario.routes, {"prefix": "/", "cluster": steps.UPSTREAM}]
    ]
    router = _any("envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers=True)
    manager = _any(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="differential",
        codec_type="AUTO",
        use_remote_address=True,
        generate_request_id=True,
        http_filters=[_wasm_filter(plugin, plugins, "http") for plugin in scenario.plugins]
        + [{"name": "envoy.filters.http.router", "typed_config": router}],
        route_config={
            "name": "differential",
            "virtual_hosts": [{"name": "differential", "domains": ["*"], "routes": routes}],
        },
    )
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    if scenario.network:
        tcp = _any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", stat_prefix="tcp", cluster=steps.UPSTREAM)
        filters = [_wasm_filter(plugin, plugins, "network") for plugin in scenario.plugins]
        filters.append({"name": "envoy.filters.network.tcp_proxy", "typed_config": tcp})
    config = {
        "admin": {"address": _socket(ports.admin)},
        "static_resources": {
            "listeners": [
                {
                    "name": "differential",
                    "address": _socket(ports.listener),
                    "traffic_direction": "OUTBOUND",
                    "per_connection_buffer_limit_bytes": 1 << 20,
                    "filter_chains": [{"filters": filters}],
                }
            ],
            "clusters": [
                _cluster(steps.UPSTREAM, ports.upstream),
                _cluster(steps.CALLEE, ports.callee),
                _cluster(steps.DEAD, ports.dead),
                _cluster(steps.GRPC, ports.grpc) | _HTTP2,
                _cluster(steps.GRPC_DEAD, ports.dead) | _HTTP2,
            ],
        },
    }
    path = folder / "envoy.json"
    path.write_text(json.dumps(config, indent=1))
    return [
        str(binary), "-c", str(path), "--concurrency", "1", "--disable-hot-restart",
        "-l", "warning", "--component-log-level", "wasm:info",
    ]  # fmt: skip


def _resource(group: str, kind: str, name: str, spec: dict) -> dict:
    return {
        "apiVersion": group,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


NETWORKING = "networking.istio.io/v1"
EXTENSIONS = "extensions.istio.io/v1alpha1"


def _entry(cluster: str, port: int, protocol: str = "HTTP") -> dict:
    host = cluster.split("|")[3]
    spec = {
        "hosts": [host],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "ports": [{"number": 80, "name": protocol.lower(), "protocol": protocol, "targetPort": port}],
        "endpoints": [{"address": "127.0.0.1"}],
    }
    return _resource(NETWORKING, "ServiceEntry", host.split(".")[0], spec)


def _destination(cluster: str) -> list[dict]:
    return [{"destination": {"host": cluster.split("|")[3], "port": {"number": 80}}}]


def _wasm_plugin(plugin: steps.Plugin, priority: int, plugins: pathlib.Path, kind: str) -> dict:
    spec: dict = {
        "selector": {"matchLabels": {"istio": "ingressgateway"}},
        "url": f"file://{module_path(plugins, plugin)}",
        "type": kind,
        "priority": priority,
        "failStrategy": plugin.strategy,
        "pluginName": plugin.name,
    }
    text = configuration_text(plugin)
    if text:
        spec["pluginConfig"] = json.loads(text)
    if plugin.environment:
        pairs = sorted(plugin.environment.items())
        spec["vmConfig"] = {"env": [{"name": key, "valueFrom": "INLINE", "value": value} for key, value in pairs]}
    return _resource(EXTENSIONS, "WasmPlugin", plugin.name, spec)


def mizzen(
    folder: pathlib.Path, binary: pathlib.Path, plugins: pathlib.Path, scenario: steps.Scenario, ports: Ports
) -> list[str]:
    kind, protocol = ("NETWORK", "TCP") if scenario.network else ("HTTP", "HTTP")
    server = {"port": {"number": ports.listener, "name": "main", "protocol": protocol}, "hosts": ["*"]}
    gateway = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    routes: list[dict] = [
        {"match": [{"uri": {"prefix": route["prefix"]}}], "route": _destination(route["cluster"])}
        for route in scenario.routes
    ]
    routes.append({"route": _destination(steps.UPSTREAM)})
    virtual_service: dict = {"hosts": ["*"], "gateways": ["differential"]}
    if scenario.network:
        virtual_service["tcp"] = [{"route": _destination(steps.UPSTREAM)}]
    else:
        virtual_service["http"] = routes
    documents = [
        _resource(NETWORKING, "Gateway", "differential", gateway),
        _resource(NETWORKING, "VirtualService", "differential", virtual_service),
        _entry(steps.UPSTREAM, ports.upstream),
        _entry(steps.CALLEE, ports.callee),
        _entry(steps.DEAD, ports.dead),
        _entry(steps.GRPC, ports.grpc, "GRPC"),
        _entry(steps.GRPC_DEAD, ports.dead, "GRPC"),
    ]
    count = len(scenario.plugins)
    documents += [_wasm_plugin(plugin, count - i, plugins, kind) for i, plugin in enumerate(scenario.plugins)]
    path = folder / "mizzen.yaml"
    path.write_text("\n---\n".join(json.dumps(document, indent=1) for document in documents))
    return [
        str(binary), "run", "-f", str(path), "--admin-address", f"127.0.0.1:{ports.admin}", "--concurrency", "1",
        "--namespace", NAMESPACE, "--labels", "istio=ingressgateway", "--access-log", "off",
        "--cache-dir", str(folder.parent / "cache"), "--drain-timeout", "1s",
    ]  # fmt: skip

"""The configurations: one upstream, and in front of it Envoy, Mizzen or nginx set up to do the same work.

Both gateways: one worker, no access log, statistics on, x-request-id made, keep-alive to the upstream.
"""

import json
import pathlib
import shutil

BODY = "0123456789abcdef" * 64  # 1 KiB


def nginx_binary() -> str:
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    return path or "nginx"


def _nginx(folder: pathlib.Path, name: str, http: str) -> list[str]:
    config = folder / f"{name}.conf"
    # One process without a master, so that its /proc entry is the whole server.
    config.write_text(
        f"""daemon off; master_process off; worker_processes 1;
pid {folder}/{name}.pid; error_log {folder}/{name}.error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
  client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-fcgi; uwsgi_temp_path {folder}/{name}-uwsgi; scgi_temp_path {folder}/{name}-scgi;
{http}
}}
"""
    )
    return [nginx_binary(), "-e", str(folder / f"{name}.error.log"), "-p", str(folder), "-c", str(config)]


def upstream(folder: pathlib.Path, port: int, files: pathlib.Path | None = None) -> list[str]:
    """Answers BODY, and the files of that folder under their names."""
    locations = "".join(f"location = /{file.name} {{ root {files}; }} " for file in files.iterdir()) if files else ""
    return _nginx(
        folder,
        "upstream",
        f"""  sendfile on;
  server {{
    listen 127.0.0.1:{port} backlog=1024; {locations}
    location / {{ default_type text/plain; return 200 "{BODY}"; }}
  }}""",
    )


def nginx_proxy(folder: pathlib.Path, port: int, upstream_port: int) -> list[str]:
    return _nginx(
        folder,
        "nginx-proxy",
        f"""  upstream origin {{ server 127.0.0.1:{upstream_port}; keepalive 256; keepalive_requests 1000000000; keepalive_time 1h; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Request-Id $request_id;
    }}
  }}""",
    )


def envoy(
    folder: pathlib.Path, binary: pathlib.Path, wasm: pathlib.Path, plugins: int, port: int, admin: int, upstream_port: int
) -> list[str]:
    def wasm_filter(index: int) -> dict:
        return {
            "name": f"bench-{index}",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": f"default.bench-{index}",
                    "vm_config": {
                        "runtime": "envoy.wasm.runtime.v8",
                        "code": {"local": {"filename": str(wasm)}},
                    },
                },
            },
        }

    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "codec_type": "HTTP1",
        "generate_request_id": True,
        "http_filters": [wasm_filter(index) for index in range(plugins)] + [router],
        "route_config": {
            "name": "bench",
            "virtual_hosts": [
                {
                    "name": "bench",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "origin", "timeout": "0s"}}],
                }
            ],
        },
    }
    config = {
        "admin": {"address": _socket(admin)},
        "static_resources": {
            "listeners": [
                {
                    "name": "bench",
                    "address": _socket(port),
                    "filter_chains": [
                        {
                            "filters": [
                                {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
                            ]
                        }
                    ],
                }
            ],
            "clusters": [
                {
                    "name": "origin",
                    "type": "STATIC",
                    "connect_timeout": "5s",
                    "load_assignment": {
                        "cluster_name": "origin",
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(upstream_port)}}]}],
                    },
                }
            ],
        },
    }
    path = folder / "envoy.json"
    path.write_text(json.dumps(config, indent=1))
    return [str(binary), "-c", str(path), "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]


def _socket(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def mizzen(
    folder: pathlib.Path, binary: pathlib.Path, wasm: pathlib.Path, plugins: int, port: int, admin: int, upstream_port: int
) -> list[str]:
    documents = [
        f"""apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{ name: bench, namespace: default }}
spec:
  selector: {{ istio: ingressgateway }}
  servers:
  - port: {{ number: {port}, name: http, protocol: HTTP }}
    hosts: ["*"]
""",
        """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: bench, namespace: default }
spec:
  hosts: ["*"]
  gateways: [bench]
  http:
  - route:
    - destination: { host: origin.bench.internal, port: { number: 80 } }
""",
        f"""apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{ name: origin, namespace: default }}
spec:
  hosts: [origin.bench.internal]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports:
  - {{ number: 80, name: http, protocol: HTTP, targetPort: {upstream_port} }}
  endpoints:
  - address: 127.0.0.1
""",
    ]
    for index in range(plugins):
        documents.append(
            f"""apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {{ name: bench-{index}, namespace: default }}
spec:
  selector: {{ matchLabels: {{ istio: ingressgateway }} }}
  url: file://{wasm}
  priority: {plugins - index}
"""
        )
    config = folder / "mizzen.yaml"
    config.write_text("---\n".join(documents))
    return [
        str(binary), "run", "-f", str(config), "--admin-address", f"127.0.0.1:{admin}", "--concurrency", "1",
        "--namespace", "default", "--labels", "istio=ingressgateway", "--access-log", "off",
        "--cache-dir", str(folder.parent / "cache"), "--drain-timeout", "1",
    ]  # fmt: skip

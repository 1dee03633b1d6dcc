"""Where Mizzen differs from Envoy on purpose, and why. Exactly which lines differ stands in differences.json, which
`run.py --accept` writes for the scenarios named here; docs/envoy-differences.md is made from this by --write-page."""

from . import connections, grpc, messages, plugins

DIFFERENCES = [*messages.DIFFERENCES, *plugins.DIFFERENCES, *grpc.DIFFERENCES, *connections.DIFFERENCES]

# Topics that Mizzen does not do yet: their scenarios run on Envoy only, so that its answers are on record.
NOT_YET: dict[str, str] = {}

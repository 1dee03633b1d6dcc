"""Why Mizzen differs from Envoy where it does on purpose. docs/envoy-differences.md is made from this."""

REASONS: dict[str, str] = {
}

"""From raw runs to medians, ratios and a table."""

import statistics

MEASURES = ["requests_per_second", "cpu_us_per_request", "p50_us", "p99_us", "rss_mib"]
TITLES = {
    "requests_per_second": "requests/s",
    "cpu_us_per_request": "CPU µs/request",
    "p50_us": "p50 µs",
    "p99_us": "p99 µs",
    "rss_mib": "RSS MiB",
}


def medians(runs: list[dict]) -> dict:
    """{proxy: {plugins: {measure: median}}}"""
    result: dict = {}
    for proxy in dict.fromkeys(run["proxy"] for run in runs):
        result[proxy] = {}
        for plugins in dict.fromkeys(run["plugins"] for run in runs if run["proxy"] == proxy):
            rows = [run for run in runs if run["proxy"] == proxy and run["plugins"] == plugins]
            result[proxy][str(plugins)] = {name: statistics.median(row[name] for row in rows) for name in MEASURES}
    return result


def marginal(by_plugins: dict) -> dict:
    """CPU µs that each plugin adds to a request: {plugins: µs}, against the run without any."""
    base = by_plugins.get("0")
    if base is None:
        return {}
    return {
        plugins: (row["cpu_us_per_request"] - base["cpu_us_per_request"]) / int(plugins)
        for plugins, row in by_plugins.items()
        if plugins != "0"
    }


def spread(runs: list[dict], proxy: str, plugins: str) -> float:
    """(max - min) / median of CPU per request, in percent: how far to trust the row."""
    values = [
        run["cpu_us_per_request"] for run in runs if run["proxy"] == proxy and str(run["plugins"]) == plugins
    ]
    return 100 * (max(values) - min(values)) / statistics.median(values)


def ratio(a: float, b: float) -> str:
    return f"{a / b:.2f}" if b > 0 else "–"


def scenario(row: dict) -> str:
    values = [row["mizzen"], row["envoy"]]
    cells = ["–" if value is None else f"{value:.{0 if value >= 100 else 1}f} {row['unit']}" for value in values]
    share = ratio(values[0], values[1]) if None not in values else "–"
    return f"| {row['what']} ({row['better']} is better) | {cells[0]} | {cells[1]} | **{share}** |"


def markdown(result: dict) -> str:
    table = result["medians"]
    margins = result["marginal_cpu_us_per_plugin"]
    lines = [
        "| plugins | proxy | " + " | ".join(TITLES[name] for name in MEASURES) + " | CPU µs per plugin | CPU spread |",
        "|---:|---|" + "---:|" * (len(MEASURES) + 2),
    ]
    counts = list(dict.fromkeys(plugins for rows in table.values() for plugins in rows))
    for plugins in counts:
        for proxy, rows in table.items():
            if plugins not in rows:
                continue
            row = rows[plugins]
            cells = [
                f"{row['requests_per_second']:.0f}",
                f"{row['cpu_us_per_request']:.1f}",
                f"{row['p50_us']:.0f}",
                f"{row['p99_us']:.0f}",
                f"{row['rss_mib']:.0f}",
                f"{margins[proxy][plugins]:.2f}" if plugins in margins.get(proxy, {}) else "–",
                f"±{spread(result['runs'], proxy, plugins) / 2:.0f} %" if result["settings"]["runs"] > 1 else "–",
            ]
            lines.append(f"| {plugins} | {proxy} | " + " | ".join(cells) + " |")
        if plugins in table.get("mizzen", {}) and plugins in table.get("envoy", {}):
            ours, theirs = table["mizzen"][plugins], table["envoy"][plugins]
            cells = [ratio(ours[name], theirs[name]) for name in MEASURES]
            both = [margins.get(proxy, {}).get(plugins) for proxy in ("mizzen", "envoy")]
            cells.append(ratio(both[0], both[1]) if None not in both else "–")
            lines.append(f"| {plugins} | **Mizzen / Envoy** | " + " | ".join(f"**{cell}**" for cell in cells) + " | |")
    settings = result["settings"]
    if result["scenarios"]:
        lines += ["", "| besides | mizzen | envoy | Mizzen / Envoy |", "|---|---:|---:|---:|"]
        lines += [scenario(row) for row in result["scenarios"]]
    lines += [
        "",
        f"Medians of {settings['runs']} run(s) of {settings['seconds']} s, wrk -t1 -c{settings['connections']}, "
        f"HTTP/1.1 keep-alive, a {settings['body_bytes']}-byte answer; {result['machine']['cores']} cores"
        f"{', proxy alone on one' if settings['pinned'] else ''}, {result['machine']['cpu']}. "
        f"{result['versions']['envoy'].strip()}; {result['versions']['mizzen'].strip()}.",
    ]
    return "\n".join(lines) + "\n"

-- Prints one JSON line at the end of a run, so that nothing has to be parsed out of text for people.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"duration_us":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,'
        .. '"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
        summary.requests, summary.duration, errors.connect, errors.read, errors.write, errors.status,
        errors.timeout, latency:percentile(50), latency:percentile(99), latency.max))
end

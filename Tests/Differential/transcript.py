"""Messages as lines of a transcript."""

from wire import Message, shown


def header_lines(headers: list[tuple[str, str]]) -> list[str]:
    """By name, values of one name in the order they came: order between names means nothing in HTTP."""
    return [f"{key}: {value}" for key, value in sorted(headers, key=lambda pair: pair[0])]


def body_lines(message: Message) -> list[str]:
    lines = [f"body {shown(message.body)}"] if message.body else []
    lines += [f"trailer {line}" for line in header_lines(message.trailers)]
    if message.end != "complete":
        lines.append(message.end)
    return lines


def request_lines(requests: list[Message]) -> list[str]:
    """What an upstream saw, by request line: requests of different connections may overtake each other."""
    lines = []
    for message in sorted(requests, key=lambda message: message.first):
        lines.append(message.first)
        lines += [f"  {line}" for line in header_lines(message.headers) + body_lines(message)]
    return lines

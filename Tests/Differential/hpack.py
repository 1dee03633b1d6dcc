"""HPACK (RFC 7541) as far as tests need it: literals out, everything in."""

# The static table's names and values, in order.
_STATIC = (
    ":authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204"
    "|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate"
    "|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control"
    "|content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type"
    "|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since"
    "|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after"
    "|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
).split("|")

# The lengths of the Huffman codes of bytes 0 to 255 and of the end mark, as letters from A = 5 bits. The code is a
# canonical one, so the lengths say all.
_LENGTHS = (
    "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABA"
    "BABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRU"
    "VVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ"
)


def _codes() -> dict[tuple[int, int], int]:
    """(length, code) to byte."""
    lengths = [ord(letter) - ord("A") + 5 for letter in _LENGTHS]
    found, code, before = {}, 0, 0
    for symbol in sorted(range(257), key=lambda symbol: (lengths[symbol], symbol)):
        code <<= lengths[symbol] - before
        before = lengths[symbol]
        found[before, code] = symbol
        code += 1
    return found


_CODES = _codes()


def _huffman(data: bytes) -> bytes:
    out, code, length = bytearray(), 0, 0
    for byte in data:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            symbol = _CODES.get((length, code))
            if symbol is not None:
                out.append(symbol)
                code, length = 0, 0
    return bytes(out)


def _number(data: bytes, at: int, bits: int) -> tuple[int, int]:
    limit = (1 << bits) - 1
    value, at = data[at] & limit, at + 1
    if value < limit:
        return value, at
    shift = 0
    while True:
        byte, at = data[at], at + 1
        value += (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _string(data: bytes, at: int) -> tuple[str, int]:
    huffman = data[at] & 128
    size, at = _number(data, at, 7)
    raw = data[at : at + size]
    return (_huffman(raw) if huffman else raw).decode("latin-1"), at + size


class Decoder:
    """Of one connection: it knows the entries that the peer's encoder has added."""

    def __init__(self) -> None:
        self.added: list[tuple[str, str]] = []  # the newest one first
        self.limit = 4096

    def decode(self, data: bytes) -> list[tuple[str, str]]:
        headers, at = [], 0
        while at < len(data):
            byte = data[at]
            if byte & 0x80:
                index, at = _number(data, at, 7)
                headers.append(self._entry(index))
            elif byte & 0xE0 == 0x20:
                self.limit, at = _number(data, at, 5)
                self._evict()
            else:
                index, at = _number(data, at, 6 if byte & 0x40 else 4)
                if index:
                    name = self._entry(index)[0]
                else:
                    name, at = _string(data, at)
                value, at = _string(data, at)
                headers.append((name, value))
                if byte & 0x40:
                    self.added.insert(0, (name, value))
                    self._evict()
        return headers

    def _entry(self, index: int) -> tuple[str, str]:
        if index > len(_STATIC):
            return self.added[index - len(_STATIC) - 1]
        name, _, value = _STATIC[index - 1].partition(" ")
        return name, value

    def _evict(self) -> None:
        while sum(len(name) + len(value) + 32 for name, value in self.added) > self.limit:
            self.added.pop()


def _plain(text: str) -> bytes:
    data = text.encode("latin-1")
    size = len(data)
    if size < 127:
        return bytes([size]) + data
    size -= 127
    prefix = bytearray([127])
    while size >= 128:
        prefix.append(size & 127 | 128)
        size >>= 7
    return bytes(prefix) + bytes([size]) + data


def encode(headers: list[tuple[str, str]]) -> bytes:
    """Literals that nobody keeps."""
    return b"".join(b"\0" + _plain(name) + _plain(value) for name, value in headers)

"""What a process holds, from /proc."""

import pathlib

# A plugin's VM reserves 4 GiB of addresses for its memory and a guard; nothing else in the process does.
RESERVATION = 4 << 30


def resident(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise RuntimeError("no VmRSS")


def descriptors(pid: int) -> int:
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid: int) -> int:
    return len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))


def vms(pid: int) -> int:
    """Guards of VM memories: inaccessible mappings of nearly that size or more."""
    count = 0
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        addresses, access = line.split(" ", 2)[:2]
        begin, end = (int(part, 16) for part in addresses.split("-"))
        if access.startswith("---"):
            count += (end - begin + (1 << 28)) // RESERVATION
    return count


class Sampler:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.samples: list[tuple[int, int]] = []

    def sample(self, swap: int) -> None:
        self.samples.append((swap, resident(self.pid)))

    def second_half(self) -> list[tuple[int, int]]:
        return self.samples[len(self.samples) // 2 :]

    def ends(self) -> list[int]:
        """At the start, in the middle and at the end."""
        return [self.samples[index][1] for index in (0, len(self.samples) // 2, -1)]


def slope(samples: list[tuple[int, int]]) -> float:
    """Least squares: bytes per swap."""
    count = len(samples)
    mean_x = sum(x for x, _ in samples) / count
    mean_y = sum(y for _, y in samples) / count
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0

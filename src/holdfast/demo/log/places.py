"""Where people sign in from and with what: cities, networks, browsers. All addresses are reserved for documentation,
tests or carriers, so none is anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType

from holdfast.demo.log.happenings import Agent, Client, Network, Place

PLACES: Mapping[str, Place] = MappingProxyType(
    {
        place.city: place
        for place in (
            Place("San Francisco", "California", "United States", "94105", 37.7749, -122.4194),
            Place("Austin", "Texas", "United States", "78701", 30.2672, -97.7431),
            Place("New York", "New York", "United States", "10001", 40.7128, -74.006),
            Place("London", "England", "United Kingdom", "EC2A", 51.5074, -0.1278),
            Place("Dublin", "Leinster", "Ireland", "D02", 53.3498, -6.2603),
            Place("Berlin", "Berlin", "Germany", "10115", 52.52, 13.405),
            Place("Lisbon", "Lisboa", "Portugal", "1100", 38.7223, -9.1393),
            Place("Bengaluru", "Karnataka", "India", "560001", 12.9716, 77.5946),
            Place("Singapore", "Singapore", "Singapore", "018956", 1.3521, 103.8198),
            Place("São Paulo", "São Paulo", "Brazil", "01000-000", -23.5505, -46.6333),
            Place("Reykjavík", "Capital Region", "Iceland", "101", 64.1466, -21.9426),
            Place("Nairobi", "Nairobi County", "Kenya", "00100", -1.2921, 36.8219),
            Place("Wellington", "Wellington", "New Zealand", "6011", -41.2866, 174.7756),
            Place("Bucharest", "București", "Romania", "010011", 44.4268, 26.1025),
            Place("Amsterdam", "North Holland", "Netherlands", "1012", 52.3676, 4.9041),
        )
    }
)
OFFICE = Network(64_496, "Kelp & Tide", "kelptide.example")
HOME = Network(64_497, "Harbour Broadband", "harbour.example")
MOBILE = Network(64_498, "Tidal Mobile", "tidal.example")
HOSTING = Network(64_499, "Cheap Racks Hosting", "racks.example")
ANONYMISER = Network(64_500, "Onion Relays", "relays.example", proxy=True)

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0"
# Platform of a device → what its browsers send.
AGENTS: Mapping[str, tuple[Agent, ...]] = MappingProxyType(
    {
        "MACOS": (
            Agent(f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME}", "Mac OS X", "CHROME", "Computer"),
            Agent(
                f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15",
                "Mac OS X",
                "SAFARI",
                "Computer",
            ),
        ),
        "WINDOWS": (
            Agent(
                f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Edg/141.0.0.0", "Windows 10", "EDGE", "Computer"
            ),
            Agent(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME}", "Windows 10", "CHROME", "Computer"),
        ),
        "IOS": (
            Agent(
                f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_SAFARI} Mobile/15E148 Safari/604.1",
                "iOS (iPhone)",
                "SAFARI",
                "Mobile",
            ),
        ),
        "ANDROID": (
            Agent(
                f"Mozilla/5.0 (Linux; Android 16; Pixel 9) {_CHROME}",
                "Android",
                "CHROME",
                "Mobile",
            ),
        ),
    }
)
LINUX = Agent("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Linux", "FIREFOX", "Computer")
SCRIPT = Agent("python-requests/2.32.5", "Unknown", "UNKNOWN", "Unknown")


def home_client(random: Random, city: str, agent: Agent) -> Client:
    """From somebody's home."""
    return Client(_address(random, "198.18"), PLACES[city], agent, HOME)


def anonymous_client(random: Random, agent: Agent = LINUX) -> Client:
    """Over an anonymiser."""
    address = f"198.51.100.{random.randrange(64, 127)}"
    return Client(address, PLACES["Bucharest"], agent, ANONYMISER, "Anonymisers")


def blocked_client(random: Random) -> Client:
    """From an address of the zone BlockedIpZone."""
    return Client(f"203.0.113.{random.randrange(1, 255)}", PLACES["Bucharest"], SCRIPT, HOSTING, "BlockedIpZone")


def _address(random: Random, start: str) -> str:
    return f"{start}.{random.randrange(256)}.{random.randrange(1, 255)}"


def other_city(random: Random, cities: Sequence[str]) -> str:
    """A city that is none of these."""
    return random.choice([city for city in PLACES if city not in cities])

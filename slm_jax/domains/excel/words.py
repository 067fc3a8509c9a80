"""Thousands of plausible words, names, codes and numbers, from a few hundred roots, in two pools that share no word.

Every word comes from roots; the hash of a root decides whether it belongs to training or to the held-out pool (`new_literal`), so that whatever is built
from it - plurals, pairs, codes - is disjoint by construction. Everything here is drawn from the `random.Random` that is passed in.
"""

from __future__ import annotations

import dataclasses
import functools
import random
import zlib

HELD_OUT_EVERY = 8  # one root in so many is held out

_ROOTS = {
    "city": "London Paris Berlin Madrid Rome Vienna Oslo Helsinki Dublin Lisbon Prague Warsaw Athens Zurich Geneva Munich Hamburg Lyon Milan Naples Porto "
        "Seville Boston Chicago Dallas Denver Houston Seattle Austin Phoenix Miami Atlanta Detroit Portland Memphis Omaha Tampa Orlando Toronto Montreal "
        "Vancouver Calgary Ottawa Sydney Melbourne Perth Brisbane Auckland Tokyo Osaka Kyoto Seoul Beijing Shanghai Mumbai Delhi Chennai Bangalore Dubai "
        "Cairo Nairobi Lagos Accra Lima Bogota Santiago Quito Havana Leeds Bristol Cardiff Glasgow Leicester York Bath Exeter",
    "region": "North South East West Central Northeast Southwest Midwest Coastal Inland Pacific Atlantic Alpine Baltic Nordic Iberia Benelux Europe Asia Africa "
        "Oceania Latam Emea Apac Americas Highlands Lowlands Metro Rural Urban Suburban Harbor Valley Northwest Southeast Downtown Uptown Riverside "
        "Lakeside Border Domestic Overseas",
    "product": "Laptop Monitor Keyboard Mouse Printer Scanner Tablet Phone Charger Cable Router Camera Speaker Headset Desk Chair Lamp Shelf Cabinet Table Sofa "
        "Bench Stool Notebook Pencil Marker Stapler Folder Envelope Binder Apple Banana Orange Mango Grape Lemon Carrot Potato Onion Tomato Cheese Butter "
        "Bread Coffee Tea Sugar Flour Rice Pasta Widget Gadget Bolt Screw Nail Hammer Drill Wrench Saw Ladder Paint Brush Glue Rope Helmet Glove Boot "
        "Jacket Shirt Scarf Belt Hat Sock Dress Skirt Pillow Blanket Towel Curtain Carpet Mirror Kettle Toaster Blender Bottle Cup Plate Bowl Fork Knife "
        "Spoon Pan Pot Basket Bucket Candle Battery Bulb Fan Heater Filter Valve Pump Pipe Hose Gasket Bearing Gear Spring Tyre Pedal Saddle Tent Kayak",
    "status": "Open Closed Pending Shipped Delivered Cancelled Returned Refunded Approved Rejected Draft Active Inactive Complete Paid Unpaid Overdue Late "
        "Expired Blocked Waiting Queued Failed Passed Resolved Reopened Archived Scheduled Started Paused Confirmed Declined Submitted Invoiced Disputed "
        "Backorder Dispatched Lost Damaged Stocked Reserved Assigned Escalated Deferred Planned Review Ready Done New Present Absent Enrolled Withdrawn "
        "Admitted Discharged Settled Void",
    "department": "Sales Marketing Finance Engineering Support Legal Operations Logistics Research Design Payroll Purchasing Security Quality Training Facilities "
        "Accounting Audit Production Maintenance Warehouse Retail Catering Cardiology Oncology Radiology Surgery Pediatrics Pharmacy Nursing Emergency "
        "Maths Physics Chemistry Biology History Geography English French Music Drama Economics Sociology Statistics",
    "category": "Electronics Furniture Clothing Grocery Toys Books Sports Garden Beauty Health Office Hardware Software Travel Meals Lodging Fuel Rent Utilities "
        "Insurance Salary Bonus Tax Gift Refund Interest Loan Deposit Internal External Contractor Temp Fulltime Parttime Intern Senior Junior Manager "
        "Director Analyst Clerk Driver Nurse Teacher Engineer Standard Express Economy Premium Basic Deluxe Gold Silver Bronze Platinum Online Store "
        "Wholesale Phonecall Email Referral Organic Cash Card Cheque Transfer Invoice Credit Debit Bus Train Truck Ship Air Freight Parcel Pallet Small "
        "Medium Large Critical Urgent Routine Minor Major Freshman Sophomore Alumni Visitor Member Guest",
    "colour": "Red Blue Green Yellow Purple Pink Brown Black White Grey Teal Navy Maroon Olive Coral Crimson Amber Ivory Beige Indigo Violet Turquoise Lavender "
        "Magenta Scarlet Khaki",
    "first": "Ann Ben Carla David Emma Frank Grace Henry Iris Jack Karen Liam Maria Noah Olivia Peter Quinn Rosa Sam Tina Umar Vera Will Xenia Yusuf Zoe Alice "
        "Bob Chloe Dan Ella Felix Gina Hugo Ivan Julia Kevin Laura Mark Nina Oscar Paula Ravi Sara Tom Ursula Victor Wendy Aisha Bruno Chen Diego Elena "
        "Farah Goran Hana Ingrid Jorge Kenji Lena Mateo Nadia Omar Priya Rashid Sofia Tariq Uma Viktor Wei Yara Zack Amir Beth Colin Daphne Ethan Fiona "
        "George Hazel Isaac Joan Kyle Lucy Martin Nora",
    "last": "Lee Smith Jones Brown Taylor Wilson Evans Thomas Roberts Walker Wright Hughes Edwards Hall Wood Harris Clarke Turner Hill Cooper Ward Morris "
        "Moore King Baker Green Scott Adams Garcia Lopez Silva Santos Rossi Ferrari Müller Schmidt Weber Wagner Dubois Moreau Novak Kowalski Ivanov Petrov "
        "Tanaka Suzuki Kim Park Wang Zhang Singh Patel Khan Ahmed Hassan Okafor Mensah Diaz Ortega Castillo Nilsson Hansen Larsen Virtanen O'Brien Murphy "
        "Kelly Byrne Cohen Levy Foster Grant Hunt Mason Palmer Reed Stone Webb Young Fisher Carter",
    "company": "Acme Globex Initech Umbrella Stark Wayne Soylent Hooli Vandelay Contoso Fabrikam Northwind Zenith Apex Vertex Orion Nova Quantum Pinnacle Summit "
        "Delta Omega Sigma Vector Matrix Horizon Meridian Atlas Titan Phoenixco Blueline Redwood Oakmont Ironclad Brightway Clearview Fairfield Goldcrest "
        "Silverline Evergreen Lakeview Maplewood Stonebridge Westgate Eastpoint",
    "noun": "budget target review backup report order payment project ticket sample batch account contract meeting session course task asset vendor client "
        "survey stock level alert notice limit bundle permit licence policy claim visit quote trial shift route zone block tower bridge river forest "
        "island market engine signal filter window garden kitchen office holiday winter summer spring autumn morning evening weekend monthly weekly annual "
        "quarter interim final partial missing broken spare custom manual remote hybrid virtual mobile solar thermal digital",
    "outcome": "Pass Fail High Low Yes No Good Bad Over Under Eligible Rejected Order Reorder Stop Go Keep Drop Valid Invalid Match Mismatch True False Big Small "
        "Expensive Cheap Hot Cold Early Late Hit Miss Win Lose Accept Refuse Check Ignore Alert Normal Warning Fine Urgent Routine Profit Loss Above Below "
        "Exceeded Within Bonus None Ship Hold Discount Full Senior Junior Adult Minor Overdue Current Renew Expire Call Wait Risky Safe Included Excluded "
        "Flag Skip Frozen Thawed Taxable Exempt Approved Denied Audit Clear Rush Standard",
}
# Words so common in questions that a user may expect them to be known; always training.
_COMMON_WORDS = (
    "north south east west open closed yes no pass fail paid unpaid pending shipped high low over under sales marketing london paris apple laptop red "
    "blue done ok"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_SYLLABLE_TEXT = (
    "ba be bi bo bu da de di do du fa fe fi fo ga go ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si "
    "so su ta te ti to tu va ve vi vo wa za bran cor dal fen gar hol jas kel lum mar nor pel quin ros tal ulm ver wex yor zan tek lon dri sta pro "
    "cla gri shi tho whi "
)
_SYLLABLES = _SYLLABLE_TEXT.split()
_CODE_PREFIXES = ["INV", "ORD", "SKU", "PO", "REF", "TKT", "ACC", "EMP", "CUST", "ITM", "PRJ", "BK", "WH", "REQ", "LOT", "SN", "CASE", "PAT", "STU", "CRS", "ID", "TX"]
_SAFE_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def is_held_out(word: str) -> bool:
    """Whether a root, code or number belongs to the held-out pool."""
    word = word.lower()
    return word not in _COMMON and zlib.crc32(word.encode()) % HELD_OUT_EVERY == 0


@functools.cache
def roots(name: str, held_out: bool) -> tuple[str, ...]:
    """The roots of a class that belong to the pool."""
    return tuple(word for word in dict.fromkeys(_ROOTS[name].split()) if is_held_out(word) == held_out)


SPLICED_SHARE = 0.35  # of the words of training literals


@functools.cache
def _all_roots(held_out: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for name in _ROOTS if name not in ("first", "last") for word in roots(name, held_out)))


@dataclasses.dataclass(frozen=True)
class Words:
    """Draws from one pool. All methods return a fresh draw from `rng`."""

    rng: random.Random
    held_out: bool

    def root(self, name: str) -> str:
        return self._spliced_or(self.rng.choice(roots(name, self.held_out)))

    def category_values(self, name: str, count: int) -> list[str]:
        """`count` distinct values of a class, all in one manner: plain, paired, lower-case, coded ..."""
        manner = self.rng.random()
        values: dict[str, None] = {}
        tries = 0
        while len(values) < count:
            tries += 1
            word = self.root(name) if tries < 4 * count else self.pseudo_word()
            if manner < 0.10:
                word = f"{word} {self._any_root()}"
            elif manner < 0.16:
                word = word.lower()
            elif manner < 0.20:
                word = word.upper()
            elif manner < 0.26:
                word = self.code()
            elif manner < 0.34:
                word = self.pseudo_word()
            values[word] = None
        return list(values)

    def name(self) -> str:
        """"Ann Lee"."""
        return f"{self.root('first')} {self.root('last')}"

    def _spliced_or(self, word: str) -> str:
        """In the training pool a word often gives way to the head of one word on the tail of another: "Nortlend".

        A tokenizer cuts unseen words into pieces that known words rarely show alone; a model that has copied a piece in one word only does not copy it in another.
        """
        if self.held_out or self.rng.random() > SPLICED_SHARE:
            return word

        def splice() -> str:
            head, tail = (self.rng.choice(_all_roots(False)).split()[0] for _ in range(2))
            return head[: self.rng.randint(1, max(1, len(head) - 1))] + tail[self.rng.randint(1, max(1, len(tail) - 2)) :].lower()

        return self._fresh(splice)

    def _any_root(self) -> str:
        return self._spliced_or(self.rng.choice(_all_roots(self.held_out)))

    def pseudo_word(self) -> str:
        """A pronounceable word that means nothing: "Kelodri"."""
        return self._fresh(lambda: "".join(self.rng.choices(_SYLLABLES, k=self.rng.choice((2, 2, 3)))).capitalize())

    def code(self, prefix: str = "") -> str:
        """A code: "INV-2041", "Q3-A", "kx7f"."""
        prefix = prefix or self.rng.choice(_CODE_PREFIXES) if self.rng.random() < 0.6 else "".join(self.rng.choices(_SAFE_LETTERS, k=self.rng.choice((1, 2, 2, 3))))
        return self._fresh(lambda: self._code(prefix))

    def _code(self, prefix: str) -> str:
        manner, rng = self.rng.random(), self.rng
        if manner < 0.55:
            return f"{prefix}{rng.choice('---_ ').strip()}{rng.randrange(10 ** rng.choice((1, 2, 2, 3)), 10_000)}"
        if manner < 0.7:
            return f"{prefix}{rng.randrange(1, 100)}-{rng.choice(_SAFE_LETTERS)}"
        if manner < 0.85:
            return "".join(rng.choices("abcdefghkmnprstuvwxyz23456789", k=rng.randint(3, 6))) + rng.choice(_SAFE_LETTERS)
        return f"{rng.choice(_SAFE_LETTERS)}{rng.randrange(1, 10)}-{rng.choice(_SAFE_LETTERS)}{rng.randrange(1, 100)}"

    def literal(self) -> str:
        """Any short text that a user may quote: a word, a pair, a plural, a code, a made-up word, in some casing."""
        manner, rng = self.rng.random(), self.rng
        if manner < 0.40:
            text = self._any_root()
        elif manner < 0.55:
            second = self._any_root()
            text = f"{self._any_root()} {second if rng.random() < 0.4 else second.lower()}"
        elif manner < 0.62:
            text = f"{self.root('noun').capitalize()}s"
        elif manner < 0.68:
            text = self.name()
        elif manner < 0.80:
            text = self.code()
        elif manner < 0.95:
            text = self.pseudo_word()
        else:
            text = f"{self.root('product')} {self.code()}"
        casing = rng.random()
        return text.lower() if casing < 0.12 else text.upper() if casing < 0.18 else text

    def number(self, low: float, high: float, decimals: int = 0) -> float | int:
        """A number of [low, high] as people write it: round more often than not. From three digits on, the pools share no number."""
        value: float | int = low
        for _ in range(60):
            value = self.rng.uniform(low, high)
            if not decimals:
                step = 10 ** max(0, len(str(int(abs(value)))) - 2)
                value = int(round(value / step) * step) if self.rng.random() < 0.5 else int(round(value))
            else:
                value = round(value, decimals)
            text = f"{value:g}" if abs(value) < 1e6 else str(value)
            if low <= value <= high and (sum(map(str.isdigit, text)) < 3 or is_held_out(text) == self.held_out):
                break
        return value

    def pick(self, draw) -> object:
        """The first of many `draw()` results whose text belongs to the pool."""
        return self._fresh(draw)

    def _fresh(self, draw):
        value = draw()
        for _ in range(200):
            if is_held_out(str(value)) == self.held_out:
                break
            value = draw()
        return value

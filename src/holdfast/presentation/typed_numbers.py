"""Numbers as people and models type them: digits of any script, words, percentages, fractions, days and times.

A reading is strict: what looks like a number and is none that is understood stays a reading of its own spelling, which
only the very same spelling supports.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from holdfast.presentation.number_words import WORD_RUN, numbers_of_words

# Stand-ins for what code fills in: any place of a template, and one that counts things.
PLACE, COUNT = "\ufffc", "\ufffb"

Kind = Literal["number", "percent", "day", "month", "day of year", "clock", "spelling", "never"]


@dataclass(frozen=True)
class Typed:
    """A number that was typed.

    `value` is its one form: a decimal, `2026-03-01`, `2026-03`, `03-01`, `14:05`, or for what is not understood its
    spelling. `unit` is what its last digit counts: 1.2k is 1200 to the nearest 100.
    """

    text: str
    kind: Kind
    value: str
    unit: Decimal = Decimal(1)


_NAMES = "January February March April May June July August September October November December"
_MONTHS = tuple(_NAMES.split())
# "may" is a verb and "March" is none: a month begins with a capital letter.
_MONTH = rf"(?P<{{}}>(?-i:{'|'.join(f'{month[:3]}(?:{month[3:]}|t?[.]?)' for month in _MONTHS)}))(?![^\W_])"
_DIGITS = r"(?:\d{1,3}(?:[ ,']\d{3})+(?![,']?\d)(?:[.]\d+)?|\d+(?:[.,]\d+)*|(?<![.])[.]\d+)"
_WHOLE_DAY = r"(?P<{0}_y>\d{{4}})-(?P<{0}_m>\d{{2}})-(?P<{0}_d>\d{{2}})(?!\d)"
_PARTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "nine": 9}
_WHOLES = {"half": 2, "halve": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_THOUSANDS = {"k": 10**3, "m": 10**6, "mn": 10**6, "b": 10**9, "bn": 10**9}
_SCALES = {**_THOUSANDS, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "dozen": 12}
_UNITS = frozenset({"d", "h", "s", "ms", "min", "x", "gb", "mb", "kb"})
_PERCENT = r"(?:%|per\s?cent\b|percentage\b|pct\b|pp\b)"
_FILLED = f"[{PLACE}{COUNT}]"

# In this order: what stands further up takes its digits away from what follows.
_FORMS = {
    # A digit, a sign, a scale or a percent sign beside a place makes another number of what code fills in.
    "never": rf"(?:\d++(?:[.,]\d++)*+[.,]?|\bminus\s+|(?<![\w{PLACE}{COUNT}])[-+]){_FILLED}"
    rf"|{_FILLED}(?:[.,]?\d|\s?(?:{'|'.join(_SCALES)})s?\b)|{COUNT}\s?{_PERCENT}"
    r"|\b(?:twice|thrice|double[ds]?|triple[ds]?|quadruple[ds]?|halved|tenfold)\b",
    # Standards and products whose name holds a digit.
    "name": r"\b(?:(?:SAML|OAuth|SCIM)[ -]?[12][.]\d|2FA)\b|(?<![^\W\d_])[^\W\d_]++\d\w*+(?:[.]\d++)*+",
    "roman": r"\b(?-i:(?=[MDCLXVI]{2,}\b)M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[MDCLXVI]))\b",
    "moment": rf"{_WHOLE_DAY.format('t')}[T\s](?P<t_clock>\d{{2}}:\d{{2}})(?::\d{{2}}(?:[.]\d+)?)?(?:Z|\s?UTC\b)?",
    "day": _WHOLE_DAY.format("d"),
    "month": r"\d{4}-\d{2}(?![\d-])",
    "day_first": rf"(?P<df_d>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH.format('df_m')}"
    r"(?:,?\s+(?P<df_y>\d{4})(?!\d))?",
    "month_first": rf"{_MONTH.format('mf_m')}\s+(?P<mf_d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)"
    r"(?:,?\s+(?P<mf_y>\d{4})(?!\d))?",
    "month_year": rf"{_MONTH.format('my_m')},?\s+(?P<my_y>\d{{4}})(?!\d)",
    "numeric_day": r"(?P<nd_a>\d{1,2})(?P<nd_s>[/.])(?P<nd_b>\d{1,2})(?P=nd_s)(?P<nd_y>\d{4})(?!\d)",
    "clock": r"(?P<c_h>\d{1,2}):(?P<c_m>\d{2})(?::\d{2})?(?:\s?(?P<c_half>[ap])[.]?m\b)?(?![\d:])",
    "ratio": r"(?P<r_part>\d{1,9})\s?[/⁄]\s?(?P<r_whole>\d{1,9})(?!\d)",
    "fraction": rf"\b(?P<f_part>{'|'.join(_PARTS)}|\d{{1,9}})[\s-]+(?P<f_whole>{'|'.join(_WHOLES)})s?\b"
    r"|\b(?P<f_half>half|halves)\b",
    "digits": rf"(?P<n_sign>(?<![\w{PLACE}{COUNT})%])-|\bminus\s+)?(?P<n>{_DIGITS})"
    rf"(?:(?P<n_power>e[-+]?\d{{1,2}})\b"
    rf"|(?P<n_scale>\s?(?:{'|'.join(_THOUSANDS)})\b|\s(?:hundred|thousand|million|billion|dozen)s?\b)"
    r"|(?:st|nd|rd|th)\b|(?P<n_letters>[^\W\d_]\w*))?"
    rf"(?P<n_percent>\s?{_PERCENT})?",
    "words": rf"(?P<w_sign>\bminus\s+)?(?P<w>{WORD_RUN})(?P<w_percent>\s{_PERCENT})?",
}
_FORM = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()), re.IGNORECASE)
_TAG = re.compile(r"<(?:/?[a-z]|!)[^<>]*>", re.IGNORECASE)
# Beside a letter an underscore parts words.
_UNDERSCORE = re.compile(r"(?<=[^\W\d_])_|_(?=[^\W\d_])")
_EMPHASIS = re.compile(r"[*_~`\\]")


def typed_numbers(text: str) -> tuple[Typed, ...]:
    """Every number in a text, as far as a reader could see one in it."""
    unescaped = html.unescape(text)
    # Where the text is shown as markdown a tag is not seen, elsewhere it is.
    pieces = (_TAG.sub("", unescaped), *_TAG.findall(unescaped))
    return tuple(number for piece in pieces for number in _numbers_of(_EMPHASIS.sub("", _UNDERSCORE.sub(" ", piece))))


def _numbers_of(text: str) -> Iterator[Typed]:
    seen: list[str] = []
    for sign in text:
        if sign.isdecimal():
            seen.append(str(unicodedata.decimal(sign)))
        elif unicodedata.numeric(sign, None) is not None:
            # ½, ², Ⅻ, ③
            yield Typed(sign, "spelling", sign)
            seen.append(" ")
        else:
            seen.append(_plain_sign(sign))
    for match in _FORM.finditer("".join(seen)):
        yield from _readings(match)


def _plain_sign(sign: str) -> str:
    kind = unicodedata.category(sign)
    if sign in {PLACE, COUNT, "\n"}:
        return sign
    if kind in {"Cf", "Mn", "Me"}:
        return ""
    if kind in {"Pd", "Zs"} or sign == "\u2212":
        return " " if kind == "Zs" else "-"
    if sign in {"’", "ʼ", "\u066c"}:
        return "'"
    plain = "".join(s for s in unicodedata.normalize("NFKD", sign) if unicodedata.category(s) != "Mn")
    # № and its like are no part of the number that follows.
    return plain if kind.startswith("L") or not plain.isalnum() else f" {plain} "


def _readings(match: re.Match[str]) -> Iterator[Typed]:
    text = match[0].strip()
    form = next(name for name in _FORMS if match[name])
    if form == "name":
        return
    if form == "never":
        yield Typed(text, "never", text)
    elif form == "roman":
        yield Typed(text, "spelling", text)
    elif form == "digits":
        yield _of_digits(match, text)
    elif form == "words":
        yield from _of_words(match)
    elif form in {"ratio", "fraction"}:
        yield _of_parts(match, text)
    else:
        yield from _of_calendar(match, form, text)


def _of_calendar(match: re.Match[str], form: str, text: str) -> Iterator[Typed]:
    match form:
        case "moment":
            yield Typed(text, "day", f"{match['t_y']}-{match['t_m']}-{match['t_d']}")
            yield Typed(text, "clock", match["t_clock"])
        case "day":
            yield Typed(text, "day", text)
        case "month":
            yield Typed(text, "month", text)
        case "day_first" | "month_first":
            prefix = "df" if form == "day_first" else "mf"
            yield _day(text, match[f"{prefix}_y"], _month_number(match[f"{prefix}_m"]), int(match[f"{prefix}_d"]))
        case "month_year":
            yield Typed(text, "month", f"{match['my_y']}-{_month_number(match['my_m']):02}")
        case "numeric_day":
            # 4/3 is a day in two ways, 31/3 and 3/31 in one; where there are two, nothing tells which is meant.
            first, second = int(match["nd_a"]), int(match["nd_b"])
            if max(first, second) <= 12 and first != second:
                yield Typed(text, "spelling", text)
            else:
                yield _day(text, match["nd_y"], min(first, second), max(first, second))
        case _:
            hour = int(match["c_h"])
            if match["c_half"]:
                hour = hour % 12 + (12 if match["c_half"] == "p" else 0)
            yield Typed(text, "clock", f"{hour:02}:{match['c_m']}")


def _month_number(name: str) -> int:
    return next(place for place, month in enumerate(_MONTHS, start=1) if month.startswith(name[:3]))


def _day(text: str, year: str | None, month: int, day: int) -> Typed:
    if year is None:
        return Typed(text, "day of year", f"{month:02}-{day:02}")
    return Typed(text, "day", f"{year}-{month:02}-{day:02}")


def _of_parts(match: re.Match[str], text: str) -> Typed:
    if match["f_half"]:
        part, whole = 1, 2
    elif match["r_whole"]:
        part, whole = int(match["r_part"]), int(match["r_whole"])
    else:
        said = match["f_part"].lower()
        part, whole = _PARTS[said] if said in _PARTS else int(said), _WHOLES[match["f_whole"].lower()]
    if whole == 0:
        return Typed(text, "never", text)
    return Typed(text, "percent", plain(Decimal(100 * part) / whole))


def _of_words(match: re.Match[str]) -> Iterator[Typed]:
    values = numbers_of_words(match["w"], match.string[: match.start("w")])
    for place, (text, value) in enumerate(values):
        signed = -value if place == 0 and match["w_sign"] else value
        is_percent = place == len(values) - 1 and match["w_percent"]
        yield Typed(text, "percent" if is_percent else "number", str(signed))


def _of_digits(match: re.Match[str], text: str) -> Typed:
    value, letters = _decimal(match["n"]), match["n_letters"]
    if value is None or (letters and letters.lower() not in _UNITS):
        return Typed(text, "spelling", text)
    digits, unit = len(value.as_tuple().digits), Decimal(1).scaleb(min(0, int(value.as_tuple().exponent)))
    if match["n_power"]:
        value = value.scaleb(int(match["n_power"][1:]))
    if match["n_scale"]:
        said = match["n_scale"].strip().lower()
        scale = _SCALES[said] if said in _SCALES else _SCALES[said.removesuffix("s")]
        # 1.2k may be said of 1,234, but 1k of nothing but 1,000.
        value, unit = value * scale, unit * scale if digits > 1 else Decimal(1)
    value = value.copy_negate() if match["n_sign"] else value
    return Typed(text, "percent" if match["n_percent"] else "number", plain(value), unit)


def _decimal(digits: str) -> Decimal | None:
    """The value of digits with separators; None where they part it as no number is parted."""
    if re.fullmatch(r"\d{1,3}([ ,'])\d{3}(?:\1\d{3})*(?:[.]\d+)?", digits):
        return Decimal(re.sub(r"[ ,']", "", digits))
    if re.fullmatch(r"\d{1,3}(?:[.]\d{3}){2,}|\d{1,3}(?:[.]\d{3})+,\d+", digits):
        return Decimal(digits.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d+,\d+", digits):
        return Decimal(digits.replace(",", "."))
    return Decimal(digits) if re.fullmatch(r"\d*[.]?\d+", digits) else None


def plain(value: Decimal) -> str:
    """One spelling for equal numbers: `1200.50` → `1200.5`, `12.0` → `12`."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"

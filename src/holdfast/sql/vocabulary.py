"""What generated SQL may say: its keywords, functions and types."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A query is made of these, in this order; each begins at most once.
CLAUSES: Final = ("WITH", "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "ORDER", "LIMIT", "OFFSET")
SET_OPERATIONS: Final = _words("UNION EXCEPT INTERSECT")
KEYWORDS: Final = (
    frozenset(CLAUSES)
    | SET_OPERATIONS
    | _words("""
    DISTINCT BY AS AND OR NOT IN IS NULL TRUE FALSE CASE WHEN THEN ELSE END LIKE ILIKE ESCAPE BETWEEN EXISTS ANY ALL
    JOIN ON USING ASC DESC
""")
)
# Elsewhere an engine would take these for the name of a function.
BETWEEN_VALUES: Final = _words("LIKE ILIKE IS IN BETWEEN AND OR ESCAPE")
# Keywords that one of them may follow.
ENDS_OF_VALUES: Final = _words("NOT NULL TRUE FALSE END")
# Words that are keywords only beside another, and names elsewhere: (what may stand before, what may stand after).
CONTEXTUAL: Final = {
    "FIRST": (_words("NULLS"), frozenset[str]()),
    "LAST": (_words("NULLS"), frozenset[str]()),
    "NULLS": (frozenset[str](), _words("FIRST LAST")),
    "LEFT": (frozenset[str](), _words("JOIN OUTER")),
    "RIGHT": (frozenset[str](), _words("JOIN OUTER")),
    "FULL": (frozenset[str](), _words("JOIN OUTER")),
    "OUTER": (_words("LEFT RIGHT FULL"), frozenset[str]()),
    "INNER": (frozenset[str](), _words("JOIN")),
    "CROSS": (frozenset[str](), _words("JOIN")),
    "SEMI": (frozenset[str](), _words("JOIN")),
    "ANTI": (frozenset[str](), _words("JOIN")),
    "FILTER": (_words(")"), frozenset[str]()),
    "OVER": (_words(")"), frozenset[str]()),
    "PARTITION": (frozenset[str](), _words("BY")),
    "ROWS": (frozenset[str](), _words("BETWEEN UNBOUNDED CURRENT")),
    "RANGE": (frozenset[str](), _words("BETWEEN UNBOUNDED CURRENT")),
    "UNBOUNDED": (frozenset[str](), _words("PRECEDING FOLLOWING")),
    "PRECEDING": (_words("UNBOUNDED ROW #number"), frozenset[str]()),
    "FOLLOWING": (_words("UNBOUNDED ROW #number"), frozenset[str]()),
    "CURRENT": (frozenset[str](), _words("ROW")),
    "ROW": (_words("CURRENT"), frozenset[str]()),
    "EXCLUDE": (_words("*"), frozenset[str]()),
    "DATE": (frozenset[str](), _words("#string")),
    "TIMESTAMP": (frozenset[str](), _words("#string")),
    "INTERVAL": (frozenset[str](), _words("#string #number")),
}
# Keywords that a parenthesis follows without a call.
GROUPS: Final = (KEYWORDS | {"OVER", "FILTER", "EXCLUDE", "INTERVAL"}) - {"NULL", "TRUE", "FALSE", "END", "ASC", "DESC"}
UNITS: Final = _words("""
    SECOND SECONDS MINUTE MINUTES HOUR HOURS DAY DAYS WEEK WEEKS MONTH MONTHS QUARTER QUARTERS YEAR YEARS EPOCH
    DOW ISODOW DOY
""")
TYPES: Final = _words("""
    VARCHAR TEXT STRING BIGINT INTEGER INT SMALLINT HUGEINT DOUBLE FLOAT REAL DECIMAL NUMERIC BOOLEAN BOOL DATE
    TIMESTAMP TIME
""")
# Reads of values only. Left out on purpose: what reads files, settings or other tables, what depends on the moment or
# on chance (a step that is run again must find the same), what calls a function by its name in a text, and what makes
# large values out of small ones (repeat, lpad).
FUNCTIONS: Final = _words("""
    count sum avg min max median mode quantile_cont quantile_disc stddev variance string_agg list array_agg first last
    any_value arg_min arg_max min_by max_by bool_and bool_or count_if
    coalesce ifnull nullif if greatest least cast try_cast
    lower upper trim ltrim rtrim length substring substr left right reverse replace contains starts_with ends_with
    prefix suffix concat concat_ws split_part string_split regexp_matches regexp_full_match regexp_extract
    regexp_replace strpos instr
    abs round ceil ceiling floor sign mod sqrt ln log10 log2 isnan isfinite
    date date_trunc date_part date_diff datediff date_add date_sub extract year month day hour minute second dayname
    monthname week weekday isodow dayofweek dayofyear quarter last_day epoch epoch_ms make_date make_timestamp
    strftime strptime try_strptime
    len cardinality list_contains list_has list_has_any list_has_all list_sort list_reverse_sort list_distinct
    list_unique list_sum list_min list_max list_avg list_count list_position list_concat list_extract list_slice
    list_filter list_transform list_value array_to_string array_length array_contains flatten struct_extract
    unnest generate_series range
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
""")
# Those that may stand where a table is named; the bounds of a series are literals.
TABLE_FUNCTIONS: Final = frozenset({"unnest", "generate_series", "range"})
SERIES: Final = frozenset({"generate_series", "range"})
CALLED_HERE: Final = {
    "now": "a TIMESTAMP literal",
    "today": "a DATE literal",
    "current_date": "a DATE literal",
    "current_timestamp": "a TIMESTAMP literal",
    "group_concat": "string_agg()",
    "listagg": "string_agg()",
    "isnull": "ifnull()",
    "nvl": "coalesce()",
    "char_length": "length()",
    "to_char": "strftime()",
    "percentile_cont": "quantile_cont()",
    "collect": "list()",
}

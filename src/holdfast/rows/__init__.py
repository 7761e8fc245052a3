"""Views of kept rows: sorted, filtered and searched, read a page at a time. A million rows never stand in memory."""

from holdfast.rows.errors import Abandoned, RowsRefused
from holdfast.rows.kinds import Kind, TableColumn, json_rows
from holdfast.rows.views import RowViews, View, Wish

__all__ = ["Abandoned", "Kind", "RowViews", "RowsRefused", "TableColumn", "View", "Wish", "json_rows"]

"""Disposable processes in which generated queries run, a few of them always ready."""

from holdfast.disposable.owner import QueryRows
from holdfast.query_worker.pool import QueryPool

__all__ = ["QueryPool", "QueryRows"]

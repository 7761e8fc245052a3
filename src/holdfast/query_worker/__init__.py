"""Disposable processes in which generated queries run, a few of them always ready."""

from holdfast.query_worker.pool import QueryPool
from holdfast.query_worker.worker import QueryRows

__all__ = ["QueryPool", "QueryRows"]

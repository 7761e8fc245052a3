"""Disposable processes in which generated queries run."""

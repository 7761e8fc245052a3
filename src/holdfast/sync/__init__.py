"""Reading a tenant into tables: families of reads, pages on disk, tables for the graph, history.

The workflow's reach ends at `families`, which is pure; everything else needs Polars.
"""

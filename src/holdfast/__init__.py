"""Holdfast: questions about an identity tenant, answered durably and truthfully."""

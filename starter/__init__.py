"""Everything that starts or watches a workflow."""

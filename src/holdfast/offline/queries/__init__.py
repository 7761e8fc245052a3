"""What a question means, compiled to Cypher."""

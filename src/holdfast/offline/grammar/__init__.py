"""The grammar of questions: small rules that combine, each giving every reading of the words before it."""

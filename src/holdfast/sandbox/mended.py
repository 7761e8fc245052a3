"""What the sandbox's interpreter computes otherwise than Python does, put right before a program runs."""

# It rounds 2.785 to 2.78, as the decimal that is written; what is stored is nearer to 2.79. Its formats are exact.
MEND = """
def round(number, ndigits=None, float=float, int=int, isinstance=isinstance, plainly=round):
    if isinstance(number, float) and isinstance(ndigits, int) and 0 < ndigits < 20:
        return float(f"{number:.{ndigits}f}")
    return plainly(number, ndigits)

None
"""

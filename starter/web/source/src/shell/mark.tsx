/** The mark: a holdfast that grips its rock. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <rect class="mark-ground" width="32" height="32" rx="8" />
      <path
        class="mark-line"
        d="M16 5c-2.600 2.600 2.600 5.400 0 8.200-1 1.100-1 2.300 0 3.300M16 16.500c-.6 4-4.500 4.200-7.500 8.500M16 16.500c.6 4 4.500 4.200 7.500 8.500M16 16.500v9M6.500 27.500h19"
      />
    </svg>
  );
}

export function HistoryPage() {
  return (
    <main id="content" class="column" tabIndex={-1}>
      <h1>History</h1>
    </main>
  );
}

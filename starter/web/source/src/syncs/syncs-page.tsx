export function SyncsPage() {
  return (
    <main id="content" class="column" tabIndex={-1}>
      <h1>Syncs</h1>
    </main>
  );
}

import { AskForm } from "./ask-form";

export function AskPage() {
  return (
    <main id="content" class="column ask" tabIndex={-1}>
      <h1>Ask your tenant</h1>
      <AskForm />
    </main>
  );
}

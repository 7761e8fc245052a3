import { useQuestion } from "./watching";

export function QuestionPage({ id }: { id: string }) {
  const question = useQuestion(id);
  return (
    <main id="content" class="column" tabIndex={-1}>
      <h1 class="tenant-text">{question.summary?.text ?? "A question"}</h1>
      <p>{question.view.state}</p>
    </main>
  );
}

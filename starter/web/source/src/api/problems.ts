/** What the gateway says when it refuses or fails (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  correlation_id: string;
}

/** The gateway answered with a problem. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(problem.detail);
    this.name = "ProblemError";
  }

  get status(): number {
    return this.problem.status;
  }

  /** The last part of its type: `invalid-question`, `not-allowed` … */
  get kind(): string {
    return this.problem.type.split(":").at(-1) ?? "";
  }
}

/** Nobody answered: the gateway is away, or the network. */
export class Unreachable extends Error {
  constructor() {
    super("Holdfast does not answer at the moment. What was started goes on without this page; try again in some seconds.");
    this.name = "Unreachable";
  }
}

/** The problem that a response tells; one that is not from the gateway gets words of ours. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const id = response.headers.get("X-Request-Id") ?? "";
  const wait = Number(response.headers.get("Retry-After"));
  let told: Partial<Problem> = {};
  if (response.headers.get("Content-Type")?.includes("json")) {
    told = (await response.json().catch(() => ({}))) as Partial<Problem>;
  }
  return new ProblemError(
    {
      type: told.type ?? "about:blank",
      title: told.title ?? response.statusText,
      status: response.status,
      detail: told.detail ?? `The gateway answered ${response.status} ${response.statusText}.`,
      correlation_id: told.correlation_id ?? id,
    },
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

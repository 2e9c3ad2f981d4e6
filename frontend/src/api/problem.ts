/** A refusal of the server (RFC 9457), or of the way to it, as one sentence and what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint: string | null = null,
    readonly retryable = false,
  ) {
    super(detail);
    this.name = "Problem";
  }
}

interface ProblemBody {
  title?: unknown;
  detail?: unknown;
  code?: unknown;
  hint?: unknown;
  retryable?: unknown;
}

const sentence = (value: unknown): string | null =>
  typeof value === "string" && value.length > 0 ? value : null;

/** Reads a problem+json body; a body that is none still gives a sentence. */
export function problemOf(status: number, body: unknown): Problem {
  const given = (typeof body === "object" && body !== null ? body : {}) as ProblemBody;
  return new Problem(
    status,
    sentence(given.code) ?? `http-${status}`,
    sentence(given.detail) ??
      sentence(given.title) ??
      `The server answered with status ${status} and no explanation.`,
    sentence(given.hint),
    given.retryable === true,
  );
}

/** What a thrown value says to a person. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TypeError) {
    return new Problem(
      0,
      "unreachable",
      "The server cannot be reached.",
      "Check that semioscope is still running; the page keeps trying.",
      true,
    );
  }
  return new Problem(0, "unexpected", thrown instanceof Error ? thrown.message : String(thrown));
}

import { asProblem } from "../api/problem";

export interface Notice {
  id: number;
  tone: "error" | "plain";
  text: string;
  hint: string | null;
}

const STAY_MS = { error: 9000, plain: 4200 } as const;

/** Sentences that pass by at the edge of the screen, two at a time; they never block anything. */
class Notices {
  list = $state.raw<Notice[]>([]);
  private next = 1;

  say(text: string): void {
    this.add("plain", text, null);
  }

  /** Shows a refusal with its hint. */
  refuse(thrown: unknown): void {
    const problem = asProblem(thrown);
    this.add("error", problem.detail, problem.hint);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  private add(tone: Notice["tone"], text: string, hint: string | null): void {
    const same = this.list.find((notice) => notice.text === text);
    if (same) this.dismiss(same.id);
    const id = this.next++;
    this.list = [...this.list.slice(-1), { id, tone, text, hint }];
    setTimeout(() => this.dismiss(id), STAY_MS[tone]);
  }
}

export const notices = new Notices();

/** A rule in the making: its draft, what is wrong with it, and what the server says of it. */
import { checkRule, makeRule } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { begin, type Wait } from "./begin";
import { faultIn, fieldOf, FIRST_DRAFTS, specOf, type Drafts, type Fault, type RuleKind } from "./drafts";
import { rules } from "./rules.svelte";
import { firstGrowth } from "./stage";
import type { RuleDraft } from "./wire";

const CHECK_MS = 350;
/** What a rule is made of may have to be loaded first. */
const LOADING_MS = 1000;

export class Builder {
  /** A rule that the server offers is taken, and none is made. */
  offered = $state(false);
  kind = $state<RuleKind>("coin");
  drafts = $state<Drafts>(structuredClone(FIRST_DRAFTS));
  name = $state("");
  prompt = $state("");
  /** The prompt is the example of the rule until somebody writes one. */
  promptIsOwn = $state(false);
  /** What the server makes of the draft; null until it has said so. */
  checked = $state.raw<RuleDraft | null>(null);
  refused = $state.raw<Problem | null>(null);
  checking = $state(false);
  busy = $state(false);
  /** Of the tree: its prompt, its size. */
  problem = $state.raw<Problem | null>(null);
  waiting = $state.raw<Wait | null>(null);

  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked: AbortController | null = null;

  readonly fault: Fault | null = $derived.by(() => {
    const local = faultIn(this.kind, this.drafts);
    if (local !== null || this.refused === null) return local;
    const { code, detail, hint } = this.refused;
    return { field: fieldOf(this.kind, code, detail), says: hint ? `${detail} ${hint}` : detail };
  });
  readonly ready: boolean = $derived(
    this.offered ? rules.chosen !== null : this.fault === null && this.checked !== null,
  );

  /** text: of the tree that is begun again, which rules that speak text go on from. */
  constructor(private readonly text: string) {
    this.prompt = text;
    const { drafts } = this;
    const model = rules.offers.find(({ family }) => family === "causal-lm")?.id ?? "";
    drafts.restricted.base = drafts.markov.base = model;
    drafts.interpolated.first.rule = drafts.interpolated.second.rule = model;
  }

  /** The tree's states are going to be rows of cells. */
  private get cells(): boolean {
    return this.offered ? rules.chosen?.family === "automaton" : this.kind === "automaton";
  }

  /** The sentence that belongs under a field. */
  faultAt(field: string): string | null {
    return this.fault?.field === field ? this.fault.says : null;
  }

  /** The draft has changed: what was said of it holds no longer, and is asked for anew. */
  changed(): void {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.checked = this.refused = this.problem = null;
    this.checking = faultIn(this.kind, this.drafts) === null;
    if (this.checking) this.timer = setTimeout(() => void this.check(), CHECK_MS);
  }

  /** Another kind, whose prompts are written otherwise. */
  choose(kind: RuleKind | "offered"): void {
    this.offered = kind === "offered";
    if (kind !== "offered") this.kind = kind;
    if (!this.promptIsOwn) this.prompt = this.speaksText ? this.text : "";
  }

  private get speaksText(): boolean {
    return this.offered || this.kind === "restricted" || this.kind === "interpolated";
  }

  stop(): void {
    clearTimeout(this.timer);
    this.asked?.abort();
    if (this.waiting) this.waiting.givenUp = true;
  }

  takeExample(): void {
    this.prompt = this.checked?.example ?? "";
    this.promptIsOwn = false;
  }

  /** Makes the rule, and a tree that begins with it. True when it is there. */
  async begin(): Promise<boolean> {
    if (!this.ready || this.busy) return false;
    this.busy = true;
    this.problem = null;
    try {
      const rule = await this.rule();
      await begin(
        {
          rule,
          prompt: this.prompt,
          chat: false,
          procedure: [],
          growth: firstGrowth(innerWidth, innerHeight, this.cells),
        },
        (wait) => (this.waiting = wait),
      );
      return !(this.waiting?.givenUp ?? false);
    } catch (thrown) {
      this.problem = asProblem(thrown);
      return false;
    } finally {
      this.busy = false;
      this.waiting = null;
    }
  }

  private async check(): Promise<void> {
    const asked = (this.asked = new AbortController());
    try {
      const draft = await checkRule(this.request(), asked.signal);
      if (asked.signal.aborted) return;
      this.checked = draft;
      if (!this.promptIsOwn && !(this.speaksText && this.text)) this.prompt = draft.example;
    } catch (thrown) {
      if (asked.signal.aborted) return;
      const problem = asProblem(thrown);
      if (problem.code === "rule-loading") {
        this.timer = setTimeout(() => void this.check(), LOADING_MS);
        return;
      }
      this.refused = problem;
    }
    this.checking = false;
  }

  /** The id of the rule to begin with, made if need be. */
  private async rule(): Promise<string> {
    if (this.offered) return rules.chosen!.id;
    const offer = await makeRule(this.request());
    rules.choose(offer.id);
    void rules.refresh();
    return offer.id;
  }

  private request() {
    return { spec: specOf(this.kind, $state.snapshot(this.drafts)), name: this.name.trim() || null };
  }
}

import type { Step } from "./wire";

/** The sampling procedure as its form shows it; a null cut is off. */
export interface ProcedureForm {
  temperature: number;
  topK: number | null;
  topP: number | null;
  minP: number | null;
}

export const RULE_ITSELF: ProcedureForm = { temperature: 1, topK: null, topP: null, minP: null };

/** What a cut starts from when it is switched on. */
export const FIRST_CUT = { topK: 40, topP: 0.95, minP: 0.05 } as const;

/** Null when the procedure has an order or a repetition that the form cannot show. */
export function formOf(steps: readonly Step[]): ProcedureForm | null {
  const form = { ...RULE_ITSELF };
  const order: Step["kind"][] = ["temperature", "top_k", "top_p", "min_p"];
  let last = -1;
  for (const step of steps) {
    const place = order.indexOf(step.kind);
    if (place <= last) return null;
    last = place;
    if (step.kind === "temperature") form.temperature = step.value;
    else if (step.kind === "top_k") form.topK = step.k;
    else if (step.kind === "top_p") form.topP = step.p;
    else if (step.kind === "min_p") form.minP = step.p;
  }
  return form;
}

/** The form's steps in their order: temperature, top-k, top-p, min-p. */
export function stepsOf(form: ProcedureForm): Step[] {
  const steps: Step[] = [];
  if (form.temperature !== 1) steps.push({ kind: "temperature", value: form.temperature });
  if (form.topK !== null) steps.push({ kind: "top_k", k: form.topK });
  if (form.topP !== null) steps.push({ kind: "top_p", p: form.topP });
  if (form.minP !== null) steps.push({ kind: "min_p", p: form.minP });
  return steps;
}

export const isRuleItself = (form: ProcedureForm): boolean => stepsOf(form).length === 0;

/** One sentence on what is wrong with the form, or null. */
export function fault(form: ProcedureForm): string | null {
  const { temperature, topK, topP, minP } = form;
  if (!(temperature === 0 || (temperature >= 0.01 && temperature <= 100))) {
    return "Temperature is 0, or lies between 0.01 and 100.";
  }
  if (topK !== null && (!Number.isInteger(topK) || topK < 1)) {
    return "Top-k keeps a whole number of tokens, at least 1.";
  }
  if (topP !== null && !(topP > 0 && topP <= 1)) return "Top-p lies above 0, up to 1.";
  if (minP !== null && !(minP >= 0 && minP <= 1)) return "Min-p lies between 0 and 1.";
  return null;
}

/** The procedure in one line, for a summary. */
export function describe(form: ProcedureForm): string {
  if (isRuleItself(form)) return "the rule itself";
  const parts: string[] = [];
  if (form.temperature !== 1) parts.push(`temperature ${form.temperature}`);
  if (form.topK !== null) parts.push(`top-k ${form.topK}`);
  if (form.topP !== null) parts.push(`top-p ${form.topP}`);
  if (form.minP !== null) parts.push(`min-p ${form.minP}`);
  return parts.join(", ");
}

/** The finite chains behind rules, each asked for once: a rule does not change. */
import { readChain } from "../api/client";
import type { Chain } from "./wire";

const asked = new Map<string, Promise<Chain>>();

/** Rejects with the Problem of a rule that has none, or is not here any more. */
export function chainOf(rule: string): Promise<Chain> {
  let chain = asked.get(rule);
  if (chain === undefined) {
    chain = readChain(rule);
    asked.set(rule, chain);
    chain.catch(() => asked.delete(rule));
  }
  return chain;
}

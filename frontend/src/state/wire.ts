/** The wire types that the screen speaks of; ui knows the server through state only. */
export type {
  Job,
  Ledger,
  Link,
  NewTree,
  Offer,
  Role,
  RuleDescription,
  Stages,
  StateRef,
  Status,
  Step,
  Strategy,
  Token,
  TreeSummary,
  TreeView,
  WorldsGrowth,
} from "../api/client";

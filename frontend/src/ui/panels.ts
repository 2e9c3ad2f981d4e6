/** What stands beside the canvas; loaded together, while the first picture is made. */
export { default as GrowthForm } from "./GrowthForm.svelte";
export { default as Heights } from "./Heights.svelte";
export { default as Inspector } from "./Inspector.svelte";
export { default as Jobs } from "./Jobs.svelte";
export { default as ProcedureForm } from "./ProcedureForm.svelte";
export { default as ReadingStrip } from "./ReadingStrip.svelte";
export { default as RuleCard } from "./RuleCard.svelte";
export { Overlays } from "../state/overlays.svelte";
export { branchActions } from "./branch/actions";
export { default as MarksList } from "./branch/MarksList.svelte";
export { default as PickedBar } from "./branch/PickedBar.svelte";
export { default as StateMarks } from "./branch/StateMarks.svelte";
export { default as TreeOutline } from "./branch/TreeOutline.svelte";

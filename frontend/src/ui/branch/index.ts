/** What one works with branches by; loaded together, once the first picture is there. */
export { default as MarksList } from "./MarksList.svelte";
export { default as PickedBar } from "./PickedBar.svelte";
export { default as StateMarks } from "./StateMarks.svelte";
export { default as TreeOutline } from "./TreeOutline.svelte";

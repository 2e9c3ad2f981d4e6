/** The worker that merges states, away from the page's own thread. */
import { Merging } from "./merging";
import type { MergeRequest } from "./protocol";

const merging = new Merging(
  (answer) => postMessage(answer),
  () => new Promise((done) => setTimeout(done, 0)),
);

onmessage = ({ data }: MessageEvent<MergeRequest>) => void merging.take(data);

import createClient from "openapi-fetch";
import { decodeFrame, decodeLog, type Frame } from "./frame";
import { readFrames } from "./frames";
import { Problem, problemOf } from "./problem";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Step = Schemas["ProcedureRequest"]["procedure"][number];
export type WorldsGrowth = Schemas["WorldsGrowth"];
export type Strategy = Schemas["GrowRequest"]["strategy"];
export type Stop = Schemas["Stop"];
export type Report = Schemas["Report"];
export type RuleSpec = Schemas["RuleRequest"]["spec"];
export type RuleRequest = Schemas["RuleRequest"];
export type RuleDraft = Schemas["RuleDraft"];
export type Chain = Schemas["Chain"];
export type Stages = Schemas["Stages"];
export type Token = Schemas["Token"];
export type Admission = Schemas["Admission"];
export type Branched = Schemas["Branched"];
export type Edited = Schemas["Edited"];
export type Job = Schemas["Job"];
export type Ledger = Schemas["Ledger"];
export type Link = Schemas["Link"];
export type Offer = Schemas["Offer"];
export type RuleDescription = Schemas["Rule"];
export type StateRef = Schemas["StateRef"];
export type Status = Schemas["Status"];
export type TreeSummary = Schemas["TreeSummary"];
export type TreeView = Schemas["TreeView"];
export type NewTree = Schemas["CreateTreeRequest"];
export type GrowRequest = Schemas["GrowRequest"];
export type Role = TreeView["role"];
export type SocketMessage =
  | Schemas["HelloMessage"]
  | Schemas["ProgressMessage"]
  | Schemas["PresenceMessage"]
  | Schemas["RuleMessage"]
  | Schemas["RevokedMessage"]
  | Schemas["RolesMessage"];

export type CompareRequest = Schemas["CompareRequest"];
export type Comparison = Schemas["Comparison"];
export type Divergence = Schemas["Divergence"];

export const client = createClient<paths>({ baseUrl: globalThis.location.origin });

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

export async function told<T>(asked: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(response.status, error);
  if (data === undefined) throw new Problem(response.status, "empty", "The server sent nothing.");
  return data;
}

const at = (ref: string) => ({ params: { path: { ref } } });

export const readStatus = (): Promise<Status> => told(client.GET("/api/status"));

export const loadRule = (rule: string): Promise<Offer> =>
  told(client.POST("/api/rules/{rule}/load", { params: { path: { rule } } }));

const under = (rule: string) => ({ params: { path: { rule } } });

/** A rule of a visitor's own, by its spec; the same spec gives the same rule. */
export const makeRule = (body: RuleRequest): Promise<Offer> =>
  told(client.POST("/api/rules", { body }));

/** The rule as it would be made; nothing is kept. */
export const checkRule = (body: RuleRequest, signal: AbortSignal): Promise<RuleDraft> =>
  told(client.POST("/api/rules/check", { body, signal }));

export const readChain = (rule: string): Promise<Chain> =>
  told(client.GET("/api/rules/{rule}/chain", under(rule)));

/** The rule of a tree as data: what it takes to make it again, where somebody made it. */
export const readTreeRule = (ref: string): Promise<Schemas["TreeRule"]> =>
  told(client.GET("/api/trees/{ref}/rule", at(ref)));

export const listTrees = async (): Promise<TreeSummary[]> =>
  (await told(client.GET("/api/trees"))).trees;

export const createTree = (body: NewTree): Promise<TreeView> =>
  told(client.POST("/api/trees", { body }));

export const readTree = (ref: string): Promise<TreeView> =>
  told(client.GET("/api/trees/{ref}", at(ref)));

export async function deleteTree(ref: string): Promise<void> {
  const { error, response } = await client.DELETE("/api/trees/{ref}", at(ref));
  if (!response.ok) throw problemOf(response.status, error);
}

export const renameTree = (ref: string, name: string): Promise<Edited> =>
  told(client.PATCH("/api/trees/{ref}", { ...at(ref), body: { name } }));

export const forkTree = (ref: string): Promise<TreeView> =>
  told(client.POST("/api/trees/{ref}/fork", at(ref)));

/** What a page is going to show first of a tree. */
export type Sight = NonNullable<paths["/api/trees/{ref}/opening"]["get"]["parameters"]["query"]>;

/** The whole tree as frames of columns; the first has all that the first picture needs. */
export async function* openTree(ref: string, sight: Sight): AsyncGenerator<Frame> {
  const params = { path: { ref }, query: sight };
  const asked = client.GET("/api/trees/{ref}/opening", { params, parseAs: "stream" });
  yield* readFrames((await told(asked)) as unknown as ReadableStream<Uint8Array>);
}

/** The next piece of the log after an event: the frames of its events; none where it ends. */
export async function readLog(ref: string, after: number): Promise<Frame[]> {
  const params = { path: { ref }, query: { after } };
  const asked = client.GET("/api/trees/{ref}/log", { params, parseAs: "arrayBuffer" });
  return decodeLog((await told(asked)) as unknown as ArrayBuffer);
}

/** What is stored of the tree, weighed under another procedure; nothing is written. */
export async function readWeights(ref: string, procedure: readonly Step[]): Promise<Frame> {
  const params = { path: { ref }, query: { procedure: JSON.stringify(procedure) } };
  const asked = client.GET("/api/trees/{ref}/weights", { params, parseAs: "arrayBuffer" });
  return decodeFrame((await told(asked)) as unknown as ArrayBuffer);
}

export const growTree = (ref: string, body: GrowRequest): Promise<Job> =>
  told(client.POST("/api/trees/{ref}/growths", { ...at(ref), body }));

export const cancelGrowth = (ref: string, job: string): Promise<Job> =>
  told(client.DELETE("/api/trees/{ref}/growths/{job}", { params: { path: { ref, job } } }));

export const branchByText = (ref: string, node: number, text: string): Promise<Branched> =>
  told(client.POST("/api/trees/{ref}/branches", { ...at(ref), body: { node, text } }));

export const branchByKeys = (ref: string, node: number, keys: number[]): Promise<Branched> =>
  told(client.POST("/api/trees/{ref}/branches", { ...at(ref), body: { node, keys } }));

export const pruneState = (ref: string, state: StateRef): Promise<Edited> =>
  told(client.POST("/api/trees/{ref}/prune", { ...at(ref), body: { state } }));

/** One change, with one undo, however many states. */
export const pruneStates = (ref: string, states: StateRef[]): Promise<Edited> =>
  told(client.POST("/api/trees/{ref}/prune", { ...at(ref), body: { states } }));

/** Prunes what has grown beside the paths to these states. */
export const keepStates = (ref: string, states: StateRef[]): Promise<Edited> =>
  told(client.POST("/api/trees/{ref}/keep", { ...at(ref), body: { states } }));

const stateOf = (ref: string, { node }: StateRef) => ({ params: { path: { ref, node } } });

export const bookmarkState = (ref: string, state: StateRef, on: boolean): Promise<Edited> =>
  told(
    client.PUT("/api/trees/{ref}/states/{node}/bookmark", {
      ...stateOf(ref, state),
      body: { on, key: state.key ?? null },
    }),
  );

/** An empty text takes the note away. */
export const noteState = (ref: string, state: StateRef, text: string): Promise<Edited> =>
  told(
    client.PUT("/api/trees/{ref}/states/{node}/note", {
      ...stateOf(ref, state),
      body: { text, key: state.key ?? null },
    }),
  );

/** Names the branch that begins at a state; an empty name takes it away. */
export const labelState = (ref: string, state: StateRef, name: string): Promise<Edited> =>
  told(
    client.PUT("/api/trees/{ref}/states/{node}/label", {
      ...stateOf(ref, state),
      body: { name, key: state.key ?? null },
    }),
  );

export const restoreState = (ref: string, node: number): Promise<Edited> =>
  told(client.POST("/api/trees/{ref}/restore", { ...at(ref), body: { node } }));

export const undoChange = (ref: string): Promise<Edited> =>
  told(client.POST("/api/trees/{ref}/undo", at(ref)));

export const redoChange = (ref: string): Promise<Edited> =>
  told(client.POST("/api/trees/{ref}/redo", at(ref)));

export const setProcedure = (
  ref: string,
  procedure: Step[],
): Promise<Schemas["ProcedureSet"]> =>
  told(client.PUT("/api/trees/{ref}/procedure", { ...at(ref), body: { procedure } }));

/** What each step of a procedure (by default the tree's) makes of what follows a state. */
export const readStages = (
  ref: string,
  state: StateRef,
  procedure: readonly Step[],
): Promise<Stages> => {
  const body = { node: state.node, key: state.key ?? null, procedure: [...procedure] };
  return told(client.POST("/api/trees/{ref}/stages", { ...at(ref), body }));
};

export const encodeText = async (rule: string, text: string): Promise<Token[]> => {
  const params = { path: { rule } };
  return (await told(client.POST("/api/rules/{rule}/encode", { params, body: { text } }))).tokens;
};

export const listLinks = async (ref: string): Promise<Link[]> =>
  (await told(client.GET("/api/trees/{ref}/links", at(ref)))).links;

export const createLink = (ref: string, kind: Link["kind"]): Promise<Link> =>
  told(client.POST("/api/trees/{ref}/links", { ...at(ref), body: { kind } }));

export const revokeLink = async (ref: string, link: string): Promise<Link[]> => {
  const params = { path: { ref, link } };
  return (await told(client.DELETE("/api/trees/{ref}/links/{link}", { params }))).links;
};

/** Two trees side by side: at one state, and by depth. Nothing is written. */
export const compareTrees = (body: CompareRequest): Promise<Comparison> =>
  told(client.POST("/api/compare", { body }));

export const acceptInvitation = (secret: string): Promise<Admission> =>
  told(client.POST("/api/invitations", { body: { secret } }));

export const acceptRecovery = (secret: string): Promise<Admission> =>
  told(client.POST("/api/recoveries", { body: { secret } }));

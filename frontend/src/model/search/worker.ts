/** The entry of the search's Web Worker. */
import type { Answer, Port, Request } from "./messages";
import { serve } from "./serve";

// In a worker the global scope is its end of the channel; the page's types know only of a window.
serve(self as unknown as Port<Answer, Request>);

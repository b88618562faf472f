// What the agent reads when the server says no.
import { Problem, Unreachable } from "./api";
import { t } from "./language";
import { agentName } from "./state";

/** What was tried; some refusals mean more in one place than in another. */
export type Deed = "accept" | "send" | "upload" | "read" | "other";

/** Kind words for a refusal; what is not a refusal is a fault of this page and goes on. */
export function words(error: unknown, deed: Deed = "other"): string {
  if (error instanceof Unreachable) return t.unreachable;
  if (!(error instanceof Problem)) throw error;
  switch (error.code) {
    case "already_taken":
      return t.taken(error.holder ? agentName(error.holder) : t.colleague);
    case "handover_ended":
      return deed === "send" ? t.endedNow : t.endedMeanwhile;
    case "forbidden":
      return deed === "send" ? t.notYours : deed === "accept" ? t.notFitting : t.notAllowed;
    case "agent_unavailable":
      return deed === "accept" ? t.goOnlineFirst : t.colleagueOffline;
    case "handover_open":
      return t.alreadyOpen;
    case "too_large":
      return deed === "upload" ? t.tooLarge : t.tooLong;
    case "unsupported_type":
    case "invalid":
      return deed === "upload" ? t.fileRefused : t.error;
    case "not_found":
      return t.notThere;
    case "rate_limited":
      return t.slowDown;
    default:
      return t.error;
  }
}

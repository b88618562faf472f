// Finds out whether this browser may see the figures.
import { access, Failed, get } from "./api";

/** Whether it may; `access` says more. Without a server there is nothing to find out: the page then says so itself. */
export async function probe(): Promise<boolean> {
  try {
    await get("now");
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    if (error.kind === "login" || error.kind === "forbidden") return false;
    access.value = "open";
  }
  return true;
}

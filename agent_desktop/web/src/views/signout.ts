/** Leaving: the desk is closed on the server, the session ends, nothing stays on this machine. */

import * as calls from "../api/calls";
import { refusalWords } from "../app/acts";
import type { Desk } from "../app/desk";
import { t } from "../words/words";
import { worksAtDesk } from "./places";

/** Signs out; refused in words while there is work, with a way to insist. */
export async function signOut(desk: Desk, force = false): Promise<void> {
  if (worksAtDesk(desk.session) && desk.lineState.peek() === "online" && desk.state.peek().owner) {
    const answer = await desk.line.do("sign_out", force ? { force: true } : {});
    if (answer.type === "refused" && answer.code === "busy") {
      desk.popover.value = "sign_out";
      return;
    }
    if (answer.type === "refused") desk.say(refusalWords(answer.code, answer.message), "trouble");
  }
  desk.drafts.flush();
  desk.line.stop();
  try {
    await calls.signOut();
  } catch {
    desk.say(t("signout.failed"), "trouble");
    desk.line.start();
    return;
  }
  await desk.drafts.forget();
  location.reload();
}

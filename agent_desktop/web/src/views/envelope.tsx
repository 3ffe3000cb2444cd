/** To, Cc, Bcc and subject of a mail that is being written. */

import { useState } from "preact/hooks";
import type { MailDraft } from "../drafts/store";
import type { DeskState } from "../state/desk";
import type { Item } from "../state/shapes";
import { t } from "../words/words";
import { useDesk } from "./context";
import { Press } from "./parts";

/** The envelope of a reply to what the customer wrote last. */
export function defaultEnvelope(state: DeskState, item: Item): MailDraft {
  const entries = state.conversations.get(item.interaction_id)?.entries ?? [];
  const last = [...entries]
    .reverse()
    .find((entry) => entry.author === "customer" && entry.mail !== null)?.mail;
  const subject = last?.subject ?? item.summary;
  return {
    to: last?.reply_to || last?.sender || item.customer.address,
    cc: "",
    bcc: "",
    subject: /^(re|回复|答复)\s*[:：]/i.test(subject) || subject === "" ? subject : `Re: ${subject}`,
  };
}

export function Envelope({ item }: { item: Item }) {
  const desk = useDesk();
  const id = item.interaction_id;
  const mail = desk.drafts.draft(id, "reply").value.mail ?? defaultEnvelope(desk.state.value, item);
  const [more, setMore] = useState(mail.cc !== "" || mail.bcc !== "");
  const write = (change: Partial<MailDraft>): void =>
    desk.drafts.write(id, "reply", { mail: { ...mail, ...change } });
  const names: readonly (keyof MailDraft)[] = more ? ["to", "cc", "bcc", "subject"] : ["to", "subject"];
  return (
    <div class="envelope">
      {names.map((name) => (
        <div class="envelope-line" key={name}>
          <label for={`mail-${name}`}>{t(`mail.${name}`)}</label>
          <input
            id={`mail-${name}`}
            value={mail[name]}
            autocomplete="off"
            spellcheck={name === "subject"}
            onInput={(event) => write({ [name]: event.currentTarget.value })}
          />
          {name === "to" && !more ? (
            <Press small tone="quiet" onPress={() => setMore(true)}>
              {t("mail.more")}
            </Press>
          ) : null}
        </div>
      ))}
    </div>
  );
}

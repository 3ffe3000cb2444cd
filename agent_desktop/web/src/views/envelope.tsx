/** To, Cc, Bcc and subject of a mail that is being written. */

import { useRef, useState } from "preact/hooks";
import type { Desk } from "../app/desk";
import type { MailDraft } from "../drafts/store";
import { composing } from "../keys/dispatch";
import type { DeskState } from "../state/desk";
import { addresses, isAddress, joinLine, others, same, splitLine } from "../state/envelope";
import type { DraftKind, Item, MailHeaders } from "../state/shapes";
import { t } from "../words/words";
import { useDesk } from "./context";
import { Icon } from "./icon";
import { Press } from "./parts";

type Line = "to" | "cc" | "bcc";

function lastHeaders(state: DeskState, item: Item): MailHeaders | null {
  const entries = state.conversations.get(item.interaction_id)?.entries ?? [];
  return entries.findLast((entry) => entry.author === "customer" && entry.mail !== null)?.mail ?? null;
}

/** The envelope of a reply to what the customer wrote last. */
export function defaultEnvelope(state: DeskState, item: Item): MailDraft {
  const last = lastHeaders(state, item);
  const subject = last?.subject ?? item.summary;
  const sender = last?.reply_to || last?.sender || item.customer.address;
  return {
    to: sender === "" ? "" : joinLine([sender]),
    cc: "",
    bcc: "",
    subject: /^(re|回复|答复)\s*[:：]/i.test(subject) || subject === "" ? subject : `Re: ${subject}`,
  };
}

/** What of an envelope cannot be sent to, in words; null when all of it can. */
function envelopeTrouble(mail: MailDraft): string | null {
  const all = [mail.to, mail.cc, mail.bcc].flatMap(addresses);
  if (all.length === 0) return t("mail.nobody");
  const wrong = all.find((each) => !isAddress(each));
  return wrong === undefined ? null : t("mail.wrong_address", { address: wrong });
}

/** A mail always goes with its envelope, also when nobody touched it; false when nobody can get it. */
export function prepareMail(desk: Desk, item: Item, kind: DraftKind): boolean {
  if (item.medium !== "mail" || kind !== "reply") return true;
  const mail = desk.drafts.draft(item.interaction_id, kind).peek().mail;
  const sent = mail ?? defaultEnvelope(desk.state.peek(), item);
  const trouble = envelopeTrouble(sent);
  if (trouble !== null) {
    desk.say(t("sent.not", { why: trouble }), "trouble");
    return false;
  }
  if (mail === null) desk.drafts.write(item.interaction_id, kind, { mail: sent });
  return true;
}

export function Envelope({ item }: { item: Item }) {
  const desk = useDesk();
  const id = item.interaction_id;
  const mail = desk.drafts.draft(id, "reply").value.mail ?? defaultEnvelope(desk.state.value, item);
  const [more, setMore] = useState(false);
  const write = (change: Partial<MailDraft>): void =>
    desk.drafts.write(id, "reply", { mail: { ...mail, ...change } });
  const open = more || mail.cc !== "" || mail.bcc !== "";
  const lines: readonly Line[] = open ? ["to", "cc", "bcc"] : ["to"];
  return (
    <div class="envelope">
      {lines.map((name) => (
        <div class="envelope-line" key={name}>
          <label for={`mail-${name}`}>{t(`mail.${name}`)}</label>
          <AddressLine name={name} text={mail[name]} onText={(text) => write({ [name]: text })} />
          {name === "to" ? <ReplyAll item={item} mail={mail} onMail={write} /> : null}
          {name === "to" && !open ? (
            <Press small tone="quiet" onPress={() => setMore(true)}>
              {t("mail.more")}
            </Press>
          ) : null}
        </div>
      ))}
      <div class="envelope-line">
        <label for="mail-subject">{t("mail.subject")}</label>
        <input
          id="mail-subject"
          value={mail.subject}
          autocomplete="off"
          spellcheck
          onInput={(event) => write({ subject: event.currentTarget.value })}
        />
      </div>
    </div>
  );
}

interface ReplyAllProps {
  readonly item: Item;
  readonly mail: MailDraft;
  readonly onMail: (change: Partial<MailDraft>) => void;
}

/** Adds everybody else whom the customer's mail went to; not there when nobody is left to add. */
function ReplyAll({ item, mail, onMail }: ReplyAllProps) {
  const desk = useDesk();
  const headers = lastHeaders(desk.state.value, item);
  if (headers === null) return null;
  const more = others(headers, [item.address]);
  const written = [mail.to, mail.cc, mail.bcc].flatMap(addresses);
  const missing = (list: readonly string[]): readonly string[] =>
    list.filter((each) => !written.some((other) => same(each, other)));
  const to = missing(more.to);
  const cc = missing(more.cc);
  if (to.length + cc.length === 0) return null;
  const add = (): void => {
    onMail({ to: joinLine([...addresses(mail.to), ...to]), cc: joinLine([...addresses(mail.cc), ...cc]) });
    document.getElementById("mail-to")?.focus();
    desk.announcer.say(t("mail.added", { n: to.length + cc.length }));
  };
  return (
    <Press small tone="quiet" icon="reply_all" onPress={add}>
      {t("mail.reply_all")}
    </Press>
  );
}

interface AddressProps {
  readonly name: Line;
  readonly text: string;
  readonly onText: (text: string) => void;
}

/** Addresses as chips that can be taken away, and a field for the next one. */
function AddressLine({ name, text, onText }: AddressProps) {
  const field = useRef<HTMLInputElement>(null);
  const { chips, typed } = splitLine(text);
  const key = (event: KeyboardEvent): void => {
    if (composing(event) || event.ctrlKey || event.metaKey) return;
    const last = chips.at(-1);
    if (event.key === "Enter" && typed !== "") onText(joinLine([...chips, typed]));
    else if (event.key === "Backspace" && typed === "" && last !== undefined)
      onText(joinLine(chips.slice(0, -1), last));
    else return;
    event.preventDefault();
  };
  return (
    <div class="chips">
      {chips.map((address) => (
        <AddressChip
          key={address}
          address={address}
          onRemove={() => {
            onText(joinLine(chips.filter((each) => each !== address), typed));
            field.current?.focus();
          }}
        />
      ))}
      <input
        id={`mail-${name}`}
        ref={field}
        value={typed}
        inputMode="email"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onText(joinLine(chips) + event.currentTarget.value)}
        onBlur={() => {
          if (typed !== "") onText(joinLine([...chips, typed]));
        }}
        onKeyDown={key}
      />
    </div>
  );
}

function AddressChip({ address, onRemove }: { address: string; onRemove: () => void }) {
  const right = isAddress(address);
  return (
    <span class={`address-chip${right ? "" : " address-wrong"}`}>
      {right ? null : (
        <>
          <Icon name="late" size={14} />
          <span class="hidden-text">{t("mail.no_address")}</span>
        </>
      )}
      <bdi>{address}</bdi>
      <button type="button" aria-label={t("mail.remove", { address })} onClick={onRemove}>
        <Icon name="close" size={14} />
      </button>
    </span>
  );
}

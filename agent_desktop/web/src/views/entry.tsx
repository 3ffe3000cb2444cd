/** One message, note or notice: who, when, what, files and what became of it. */

import { useState } from "preact/hooks";
import { contentAddress, fileAddress } from "../api/calls";
import { whoName } from "../app/effects";
import type { Entry, FileRef, Item } from "../state/shapes";
import { full, hourMinute, size } from "../words/format";
import { t, tOr } from "../words/words";
import { useDesk } from "./context";
import { Icon } from "./icon";
import { Press } from "./parts";

export function EntryPart({ item, entry }: { item: Item; entry: Entry }) {
  const desk = useDesk();
  if (entry.author === "system") return <SystemLine entry={entry} />;
  const own = entry.agent_id !== null && entry.agent_id === desk.session.agent_id;
  const side = entry.author === "customer" ? "customer" : "agent";
  const who =
    entry.author === "customer" ? whoName(item.customer.name) : own ? t("entry.you") : entry.agent_name;
  const mail = item.medium === "mail" && !entry.note;
  return (
    <article class={`entry entry-${side}${entry.note ? " entry-note" : ""}${mail ? " entry-mail" : ""}`}>
      <header class="entry-head">
        {entry.note ? (
          <span class="entry-private">
            <Icon name="note" size={14} /> {t("entry.note")}
          </span>
        ) : null}
        <bdi class="entry-who">{who}</bdi>
        <time dateTime={new Date(entry.at).toISOString()} title={full(entry.at)}>
          {hourMinute(entry.at)}
        </time>
        <MarkWord entry={entry} />
      </header>
      {mail && entry.mail !== null ? <MailHead entry={entry} /> : null}
      <Notices entry={entry} />
      {entry.html === "" ? <p class="entry-text">{entry.text}</p> : <MailBody item={item} entry={entry} />}
      {entry.quoted === "" || entry.html !== "" ? null : <Quoted text={entry.quoted} />}
      <Files item={item} files={entry.files} />
    </article>
  );
}

function SystemLine({ entry }: { entry: Entry }) {
  return (
    <p class="entry-system">
      <time title={full(entry.at)}>{hourMinute(entry.at)}</time> {entry.text}
    </p>
  );
}

function MarkWord({ entry }: { entry: Entry }) {
  if (entry.author !== "agent" || entry.note || entry.mark === null || entry.mark === "") return null;
  const failed = entry.mark === "failed";
  const told = failed || entry.mark === "waiting";
  return (
    <span class={`entry-mark${failed ? " entry-failed" : ""}`}>
      {failed ? <Icon name="late" size={14} /> : null}
      {t(`mark.${entry.mark}`)}
      {told && entry.mark_reason !== "" ? `: ${entry.mark_reason}` : ""}
    </span>
  );
}

function MailHead({ entry }: { entry: Entry }) {
  const mail = entry.mail ?? {};
  const rows: readonly (readonly [string, string])[] = [
    [t("mail.from"), [mail.sender_name, mail.sender].filter(Boolean).join(" · ")],
    [t("mail.to"), (mail.to ?? []).join(", ")],
    [t("mail.cc"), (mail.cc ?? []).join(", ")],
    [t("mail.subject"), mail.subject ?? ""],
  ];
  return (
    <dl class="mail-head">
      {rows.map(([label, value]) =>
        value === "" ? null : (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Notices({ entry }: { entry: Entry }) {
  const shown = entry.notices.filter((code) => code !== "remote_images_blocked");
  if (shown.length === 0) return null;
  return (
    <p class="entry-notices">
      <Icon name="soon" size={14} /> {shown.map((code) => tOr(`notice.${code}`, code)).join(" · ")}
    </p>
  );
}

/** A mail's own look, in a script-less frame; its plain text stays one press away. */
function MailBody({ item, entry }: { item: Item; entry: Entry }) {
  const [images, setImages] = useState(false);
  const [plain, setPlain] = useState(false);
  const [tall, setTall] = useState(false);
  const blocked = entry.notices.includes("remote_images_blocked");
  return (
    <>
      <div class="mail-tools">
        <Press small tone="quiet" pressed={plain} onPress={() => setPlain(!plain)}>
          {t("mail.plain")}
        </Press>
        {blocked && !plain ? (
          <Press small tone="quiet" pressed={images} onPress={() => setImages(!images)}>
            {t("mail.images")}
          </Press>
        ) : null}
        {plain ? null : (
          <Press small tone="quiet" pressed={tall} onPress={() => setTall(!tall)}>
            {t("mail.tall")}
          </Press>
        )}
      </div>
      {plain ? (
        <>
          <p class="entry-text">{entry.text}</p>
          {entry.quoted === "" ? null : <Quoted text={entry.quoted} />}
        </>
      ) : (
        <iframe
          class={`mail-frame${tall ? " mail-frame-tall" : ""}`}
          title={t("mail.frame")}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          referrerpolicy="no-referrer"
          loading="lazy"
          src={contentAddress(item.interaction_id, entry.entry_id, images)}
        />
      )}
    </>
  );
}

function Quoted({ text }: { text: string }) {
  const [shown, setShown] = useState(false);
  return (
    <div class="quoted">
      <Press small tone="quiet" expanded={shown} onPress={() => setShown(!shown)}>
        {shown ? t("mail.hide_quoted") : t("mail.show_quoted")}
      </Press>
      {shown ? <p class="entry-text entry-quoted">{text}</p> : null}
    </div>
  );
}

function Files({ item, files }: { item: Item; files: readonly FileRef[] }) {
  if (files.length === 0) return null;
  return (
    <ul class="files" aria-label={t("files.label")}>
      {files.map((file) => (
        <li key={file.file_id}>
          <a
            href={file.url || fileAddress(item.interaction_id, file.file_id)}
            download={file.name}
            class="file"
          >
            <Icon name="file" />
            <bdi>{file.name}</bdi> <span class="muted">{size(file.size_bytes)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

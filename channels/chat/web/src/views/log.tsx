/** What was said: a log whose new entries, and only those, are read out. */

import { Fragment, type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { FileItem, Item } from "../line/frames";
import type { Model, Outgoing } from "../state/model";
import { Icon, useHere } from "./parts";

const LINK = /https:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

export function Log({ model }: { model: Model }): JSX.Element {
  const { words } = useHere();
  const box = useRef<HTMLDivElement>(null);
  const last = useRef(0);
  const count = model.items.length + model.outgoing.length;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < 240;
    if (near || last.current === 0) element.scrollTop = element.scrollHeight;
    last.current = count;
  }, [count, model.typist]);
  const days = dayStarts(model.items, (at) => words.day(at));
  const seen = lastSeenSeq(model);
  return (
    <div
      class="log"
      ref={box}
      role="log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
      tabIndex={0}
      aria-label={words.say("log.label")}
      // Old text is put in while the log is silent: only what comes later is read out.
      aria-live={model.caughtUp ? "polite" : "off"}
    >
      {model.items.map((item) => (
        <Fragment key={item.seq}>
          {days.has(item.seq) && <p class="day">{days.get(item.seq)}</p>}
          <Entry item={item} seen={item.seq === seen} />
        </Fragment>
      ))}
      {model.outgoing.map((each) => (
        <Sending key={each.id} words={each} />
      ))}
    </div>
  );
}

/** The days after the first, at the item each begins with. */
function dayStarts(items: Item[], day: (at: number) => string): Map<number, string> {
  const starts = new Map<number, string>();
  let before = "";
  for (const item of items) {
    const today = day(item.at);
    if (before !== "" && today !== before) starts.set(item.seq, today);
    before = today;
  }
  return starts;
}

/** The visitor's last words that the agent has seen; the mark stands there only. */
function lastSeenSeq(model: Model): number {
  const seen = model.items.filter(
    (item) => item.kind === "said" && (item.number ?? 0) > 0 && (item.number ?? 0) <= model.seenNumber,
  );
  return seen.at(-1)?.seq ?? 0;
}

function Entry({ item, seen }: { item: Item; seen: boolean }): JSX.Element | null {
  const { words } = useHere();
  if (item.kind === "said") {
    return (
      <Bubble mine who={words.say("log.you")} item={item}>
        {words.say(seen ? "mark.seen" : "mark.sent")}
      </Bubble>
    );
  }
  if (item.kind === "message") {
    return <Bubble mine={false} who={item.name || words.say("log.agent")} item={item} />;
  }
  const text = noticeText(item, words);
  return text === "" ? null : <p class="event">{text}</p>;
}

function noticeText(item: Item, words: ReturnType<typeof useHere>["words"]): string {
  const name = item.name || words.say("log.somebody");
  switch (item.kind) {
    case "joined":
      return words.say("log.joined", { name });
    case "left":
      return words.say("log.left", { name });
    case "waiting":
      return words.say("log.waiting");
    case "held":
      return words.say("log.held");
    case "retrieved":
      return words.say("log.retrieved");
    case "kept":
      return words.say("queue.kept");
    case "notice":
      return item.text ?? "";
    case "ended":
      if (item.reason === "idle") return words.say("log.ended.idle");
      if (item.reason === "away") return words.say("log.ended.away");
      return words.say(item.reason === "left" ? "log.ended.left" : "log.ended");
    default:
      return "";
  }
}

function Bubble(props: {
  mine: boolean;
  who: string;
  item: Item;
  children?: string;
}): JSX.Element {
  const { words } = useHere();
  const { item, mine, who } = props;
  return (
    <div class={mine ? "turn mine" : "turn"}>
      <p class="who">
        <span class={mine ? "unseen" : ""}>{who}</span> <time>{words.time(item.at)}</time>
      </p>
      {item.gone === true && <p class="bubble gone">{words.say("log.gone")}</p>}
      {item.text !== undefined && item.text !== "" && (
        <p class="bubble">{mine ? item.text : linked(item.text)}</p>
      )}
      {item.files?.map((file) => <FileRow key={file.file_id} file={file} />)}
      {props.children !== undefined && <p class="mark">{props.children}</p>}
    </div>
  );
}

/** Text with its https addresses as links; nothing else in it is ever markup. */
function linked(text: string): (string | JSX.Element)[] {
  const parts: (string | JSX.Element)[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(at, match.index));
    parts.push(
      <a href={match[0]} target="_blank" rel="noopener noreferrer nofollow">
        {match[0]}
      </a>,
    );
    at = match.index + match[0].length;
  }
  return [...parts, text.slice(at)];
}

function FileRow({ file }: { file: FileItem }): JSX.Element {
  const { session, words, announce } = useHere();
  const load = async (): Promise<void> => {
    try {
      const url = URL.createObjectURL(await session.download(file));
      const link = document.createElement("a");
      link.href = url;
      link.download = file.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch {
      announce(words.say("file.failed"));
    }
  };
  const size = words.size(file.size_bytes);
  return (
    <button
      type="button"
      class="file"
      aria-label={words.say("file.download", { name: file.name, size })}
      onClick={() => void load()}
    >
      <Icon name="file" />
      <span class="name">{file.name}</span>
      <span class="muted">{size}</span>
    </button>
  );
}

function Sending({ words: said }: { words: Outgoing }): JSX.Element {
  const { session, words } = useHere();
  const state = said.state === "sending" ? "mark.sending" : said.state === "late" ? "mark.late" : "mark.failed";
  return (
    <div class="turn mine">
      <p class="who">
        <span class="unseen">{words.say("log.you")}</span> <time>{words.time(said.at)}</time>
      </p>
      {said.text !== "" && <p class="bubble out">{said.text}</p>}
      {said.files.map((file) => (
        <p class="file" key={file.file_id}>
          <Icon name="file" />
          <span class="name">{file.name}</span>
        </p>
      ))}
      <p class={said.state === "sending" ? "mark" : "mark failed"}>
        {said.state !== "sending" && <Icon name="alert" />}
        {words.say(state)}
        {said.state !== "sending" && (
          <button type="button" class="link" onClick={() => session.sayAgain(said.id)}>
            {words.say("mark.again")}
          </button>
        )}
      </p>
      {said.state === "failed" && said.code !== "" && <p class="mark">{words.refusal(said.code)}</p>}
    </div>
  );
}

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
  const atEnd = useRef(true);
  const top = useRef(0);
  useEffect(() => {
    const element = box.current;
    if (element !== null && (atEnd.current || last.current === 0)) element.scrollTop = element.scrollHeight;
    last.current = count;
  }, [count, model.typist]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    // What opens above or below takes room: the newest words stay in sight.
    const watch = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const days = dayStarts(model.items, (at) => words.day(at));
  const seen = lastSaid(model, (item) => (item.number ?? 0) > 0 && (item.number ?? 0) <= model.seenNumber);
  const sent = lastSaid(model, () => true);
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
      onScroll={({ currentTarget: log }) => {
        // Only who scrolls up leaves the end: a log that becomes smaller has not been left.
        const up = log.scrollTop < top.current;
        top.current = log.scrollTop;
        if (log.scrollHeight - log.scrollTop - log.clientHeight < 60) atEnd.current = true;
        else if (up) atEnd.current = false;
      }}
    >
      {model.items.map((item) => (
        <Fragment key={item.seq}>
          {days.has(item.seq) && <p class="day">{days.get(item.seq)}</p>}
          <Entry item={item} mark={item.seq === seen ? "mark.seen" : item.seq === sent ? "mark.sent" : null} />
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

/** The number of the visitor's last words of a kind, 0 without any: only there a mark stands. */
function lastSaid(model: Model, fits: (item: Item) => boolean): number {
  return model.items.findLast((item) => item.kind === "said" && fits(item))?.seq ?? 0;
}

function Entry({ item, mark }: { item: Item; mark: "mark.seen" | "mark.sent" | null }): JSX.Element | null {
  const { words } = useHere();
  if (item.kind === "said") {
    return (
      <Bubble mine who={words.say("log.you")} item={item}>
        {mark === null ? "" : words.say(mark)}
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
      {mine && item.secret === true && <Hidden />}
      {item.gone === true && <p class="bubble gone">{words.say("log.gone")}</p>}
      {item.text !== undefined && item.text !== "" && (
        <p class="bubble">{mine ? item.text : linked(item.text)}</p>
      )}
      {item.files?.map((file) => <FileRow key={file.file_id} file={file} />)}
      {props.children && <p class="mark">{props.children}</p>}
    </div>
  );
}

/** A secret that was written: dots to who looks, and words to who listens. */
function Hidden(): JSX.Element {
  const { words } = useHere();
  return (
    <p class="bubble">
      <span aria-hidden="true">••••</span>
      <span class="unseen">{words.say("log.secret")}</span>
    </p>
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
      {said.secret === true && <Hidden />}
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
        {said.state !== "sending" && said.secret !== true && (
          <button type="button" class="link" onClick={() => session.sayAgain(said.id)}>
            {words.say("mark.again")}
          </button>
        )}
      </p>
      {said.state === "failed" && said.code !== "" && <p class="mark">{words.refusal(said.code)}</p>}
    </div>
  );
}

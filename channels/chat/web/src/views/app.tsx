/** The panel: head, strips, and the view of the phase the chat is in. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Site } from "../line/frames";
import { asked, type Model, runs } from "../state/model";
import { EndQuestion, KeepPlace, Menu, TranscriptByMail } from "./asides";
import { Before } from "./before";
import { Choices } from "./choices";
import { Composer } from "./composer";
import { Ended } from "./ended";
import { Log } from "./log";
import { Icon, IconButton, useHere } from "./parts";
import { SecretComposer } from "./secret";

type Aside = "" | "menu" | "end" | "keep" | "transcript";

export function App({ model, lasting }: { model: Model; lasting: boolean }): JSX.Element {
  const [aside, setAside] = useState<Aside>("");
  const opener = useRef<HTMLElement | null>(null);
  const active = runs(model.phase);
  useEffect(() => {
    if (!active && (aside === "end" || aside === "keep")) setAside("");
  }, [active, aside]);
  const open = (next: Aside): void => {
    const root = opener.current?.getRootNode();
    if (aside === "" && root instanceof ShadowRoot) opener.current = root.activeElement as HTMLElement | null;
    setAside(next === aside ? "" : next);
  };
  const close = (): void => setAside("");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the controls within come by here
    <div
      class="panel"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || aside === "") return;
        // The first Escape closes what is open above the chat, the next one the panel.
        event.preventDefault();
        close();
      }}
    >
      <Head model={model} aside={aside} open={open} />
      <Strips model={model} lasting={lasting} />
      {aside === "menu" && (
        <Menu model={model} transcript={() => setAside("transcript")} end={() => setAside("end")} close={close} />
      )}
      {aside === "end" && <EndQuestion close={close} />}
      {aside === "keep" && <KeepPlace close={close} />}
      {aside === "transcript" && <TranscriptByMail close={close} />}
      <Body model={model} keep={() => setAside("keep")} />
    </div>
  );
}

function Head(props: { model: Model; aside: Aside; open: (aside: Aside) => void }): JSX.Element {
  const { words, minimise } = useHere();
  const { model, aside, open } = props;
  const active = runs(model.phase);
  const title = model.agent !== "" && active ? model.agent : model.site?.title || words.say("panel.title");
  return (
    <header>
      <h1 tabIndex={-1}>{title}</h1>
      {model.items.length > 0 && (
        <IconButton
          icon="more"
          name={words.say("panel.menu")}
          expanded={aside === "menu"}
          act={() => open("menu")}
        />
      )}
      <IconButton icon="minimise" name={words.say("panel.minimise")} act={minimise} />
      {active && <IconButton icon="close" name={words.say("panel.end")} act={() => open("end")} />}
    </header>
  );
}

function Strips({ model, lasting }: { model: Model; lasting: boolean }): JSX.Element {
  const { words } = useHere();
  return (
    <>
      {model.site !== null && model.line === "connecting" && <Connecting />}
      {model.line === "closed" && model.site !== null && (
        <p class="strip" role="status">
          {words.say("line.closed")}
        </p>
      )}
      {!lasting && <p class="strip soft">{words.say("storage.blocked")}</p>}
    </>
  );
}

/** Says that the line is gone only when that lasts: most breaks heal within a second. */
function Connecting(): JSX.Element | null {
  const { words } = useHere();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 1_000);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <p class="strip" role="status">
      <Icon name="alert" /> {words.say("line.connecting")}
    </p>
  );
}

function Body({ model, keep }: { model: Model; keep: () => void }): JSX.Element {
  const { words } = useHere();
  if (model.site === null) return <p class="scroll muted first">{words.say("line.first")}</p>;
  if (model.phase === "before") return <Before site={model.site} />;
  return (
    <>
      {model.phase === "waiting" && <Queue model={model} keep={keep} />}
      <Log model={model} />
      {model.phase === "talking" && <Typing name={model.typist} />}
      <Choices item={asked(model)} />
      <Below model={model} site={model.site} />
    </>
  );
}

/** Where the visitor writes, or what is offered after the end. */
function Below({ model, site }: { model: Model; site: Site }): JSX.Element {
  if (model.phase === "ended") return <Ended model={model} />;
  if (asked(model)?.secret === true) return <SecretComposer />;
  return <Composer site={site} watched={model.phase !== "served"} />;
}

function Queue({ model, keep }: { model: Model; keep: () => void }): JSX.Element {
  const { words } = useHere();
  const position = model.place?.position ?? null;
  return (
    <div class="queue">
      <p role="status">
        <strong>
          {position === null ? words.say("queue.you") : words.count("queue.place", position)}
        </strong>
        <Wait model={model} />
      </p>
      {!model.kept && (
        <button type="button" onClick={keep}>
          {words.say("queue.offer")}
        </button>
      )}
    </div>
  );
}

function Wait({ model }: { model: Model }): JSX.Element | null {
  const { words } = useHere();
  const { lowMs, highMs } = model.place ?? { lowMs: null, highMs: null };
  if (lowMs === null || highMs === null) return null;
  const low = Math.max(1, Math.floor(lowMs / 60_000));
  const high = Math.max(1, Math.ceil(highMs / 60_000));
  const text =
    low === high
      ? words.say(high === 1 ? "queue.wait.one" : "queue.wait.same", { high })
      : words.say("queue.wait.other", { low, high });
  return (
    <span class="wait">
      <Icon name="clock" /> {text}
    </span>
  );
}

function Typing({ name }: { name: string }): JSX.Element {
  const { words } = useHere();
  return (
    <p class="typing" role="status">
      {name !== "" && (
        <>
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {words.say("log.typing", { name })}
        </>
      )}
    </p>
  );
}

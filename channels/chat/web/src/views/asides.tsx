/** What opens above the chat: keeping one's place, the transcript, the end, the menu. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Model } from "../state/model";
import { Labelled, useHere, wrongness } from "./parts";

/** Moves focus to what has just opened. */
function useFocus<T extends HTMLElement>(): { current: T | null } {
  const ref = useRef<T>(null);
  useEffect(() => ref.current?.focus(), []);
  return ref;
}

interface MailFormProps {
  title: string;
  text: string;
  button: string;
  send: (mail: string) => Promise<string>;
  close: () => void;
}

function MailForm(props: MailFormProps): JSX.Element {
  const { words } = useHere();
  const [mail, setMail] = useState("");
  const [wrong, setWrong] = useState("");
  const field = useFocus<HTMLInputElement>();
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const code = mail.trim() === "" ? "missing" : await props.send(mail.trim());
    setWrong(code === "" ? "" : words.refusal(code));
    if (code !== "") field.current?.focus();
  };
  return (
    <form class="aside" noValidate onSubmit={(event) => void send(event)}>
      <h2>{props.title}</h2>
      <p>{props.text}</p>
      <Labelled id="aside-mail" label={words.say("form.mail")} error={wrong}>
        <input
          id="aside-mail"
          ref={field}
          type="email"
          autocomplete="email"
          maxLength={254}
          value={mail}
          {...wrongness("aside-mail", wrong)}
          onInput={(event) => setMail(event.currentTarget.value)}
        />
      </Labelled>
      <p class="choices">
        <button type="button" onClick={props.close}>
          {words.say("form.cancel")}
        </button>
        <button type="submit" class="primary">
          {props.button}
        </button>
      </p>
    </form>
  );
}

/** Leave a message and keep the place: the answer comes by mail. */
export function KeepPlace({ close }: { close: () => void }): JSX.Element {
  const { session, words, announce } = useHere();
  const send = async (mail: string): Promise<string> => {
    const answer = await session.keepPlace(mail, "");
    if (!answer.ok) return answer.code;
    announce(words.say("queue.kept"));
    close();
    return "";
  };
  return (
    <MailForm
      title={words.say("queue.keep.title")}
      text={words.say("queue.keep.text")}
      button={words.say("queue.keep.title")}
      send={send}
      close={close}
    />
  );
}

/** The chat by mail: first a code to the address, then the code back. */
export function TranscriptByMail({ close }: { close: () => void }): JSX.Element {
  const { session, words, announce } = useHere();
  const [mail, setMail] = useState("");
  if (mail !== "") return <Code mail={mail} close={close} />;
  const send = async (to: string): Promise<string> => {
    const answer = await session.transcript(to, "");
    if (!answer.ok) return answer.code;
    announce(words.say("transcript.code.sent", { mail: to }));
    setMail(to);
    return "";
  };
  return (
    <MailForm
      title={words.say("transcript.title")}
      text=""
      button={words.say("transcript.code.send")}
      send={send}
      close={close}
    />
  );
}

function Code({ mail, close }: { mail: string; close: () => void }): JSX.Element {
  const { session, words, announce } = useHere();
  const [code, setCode] = useState("");
  const [wrong, setWrong] = useState("");
  const field = useFocus<HTMLInputElement>();
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const answer = await session.transcript(mail, code.trim());
    if (answer.ok) {
      announce(words.say("transcript.done", { mail }));
      close();
    } else {
      setWrong(words.refusal(answer.code));
      field.current?.focus();
    }
  };
  return (
    <form class="aside" noValidate onSubmit={(event) => void send(event)}>
      <h2>{words.say("transcript.title")}</h2>
      <p>{words.say("transcript.code.sent", { mail })}</p>
      <Labelled id="aside-code" label={words.say("transcript.code")} error={wrong}>
        <input
          id="aside-code"
          ref={field}
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={16}
          value={code}
          {...wrongness("aside-code", wrong)}
          onInput={(event) => setCode(event.currentTarget.value)}
        />
      </Labelled>
      <p class="choices">
        <button type="button" onClick={close}>
          {words.say("form.cancel")}
        </button>
        <button type="submit" class="primary">
          {words.say("transcript.send")}
        </button>
      </p>
    </form>
  );
}

/** Ending asks first, in place. */
export function EndQuestion({ close }: { close: () => void }): JSX.Element {
  const { session, words } = useHere();
  const no = useFocus<HTMLButtonElement>();
  return (
    <fieldset class="aside">
      <legend>{words.say("end.question")}</legend>
      <p class="choices">
        <button type="button" ref={no} onClick={close}>
          {words.say("end.no")}
        </button>
        <button type="button" class="danger" onClick={() => void session.leave().then(close)}>
          {words.say("end.yes")}
        </button>
      </p>
    </fieldset>
  );
}

/** What else can be done. */
export function Menu(props: {
  model: Model;
  transcript: () => void;
  end: () => void;
  close: () => void;
}): JSX.Element {
  const { session, words } = useHere();
  const { model } = props;
  const first = useFocus<HTMLDivElement>();
  const active = model.phase === "waiting" || model.phase === "talking";
  const forget = (): void => {
    session.forget();
    props.close();
  };
  return (
    <div class="aside menu" ref={first} tabIndex={-1}>
      {model.site?.transcript === true && model.items.length > 0 && (
        <button type="button" onClick={props.transcript}>
          {words.say("menu.transcript")}
        </button>
      )}
      {active && (
        <button type="button" onClick={props.end}>
          {words.say("panel.end")}
        </button>
      )}
      {model.phase === "ended" && (
        <button type="button" onClick={forget}>
          {words.say("menu.forget")}
        </button>
      )}
      {model.site !== null && model.site.privacy_url !== "" && (
        <a href={model.site.privacy_url} target="_blank" rel="noopener noreferrer">
          {words.say("form.privacy")}
        </a>
      )}
      <p class="small">{words.say("menu.retention")}</p>
    </div>
  );
}

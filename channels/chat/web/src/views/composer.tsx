/** Where the visitor writes. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Site } from "../line/frames";
import { hasCard } from "../state/cards";
import { AttachButton, AttachedList, useAttached } from "./attached";
import { Icon, useHere } from "./parts";

const COUNT_FROM = 300;

/** Whether Enter belongs to an input method that is choosing characters. */
export function composing(event: KeyboardEvent): boolean {
  // 229 is what browsers report for keys that an input method has taken.
  return event.isComposing || event.keyCode === 229;
}

/** `watched`: somebody may see that the visitor writes. */
export function Composer({ site, watched }: { site: Site; watched: boolean }): JSX.Element {
  const { session, words } = useHere();
  const [text, setText] = useState("");
  const [asked, setAsked] = useState(false);
  const attached = useAttached(site);
  const box = useRef<HTMLTextAreaElement>(null);
  const left = site.characters_max - Array.from(text).length;
  const send = (anyway: boolean): void => {
    const said = text.trim();
    if ((said === "" && attached.files.length === 0) || left < 0 || attached.adding !== "") return;
    if (!anyway && hasCard(said)) {
      setAsked(true);
      return;
    }
    session.say(said, attached.files);
    setText("");
    setAsked(false);
    attached.clear();
    box.current?.focus();
  };
  const edit = (): void => {
    setAsked(false);
    box.current?.focus();
  };
  const keyed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
    event.preventDefault();
    send(false);
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send(false);
      }}
    >
      {asked && <CardWarning send={() => send(true)} edit={edit} />}
      <AttachedList attached={attached} />
      <div class="row">
        <label class="unseen" for="composer">
          {words.say("composer.label")}
        </label>
        <textarea
          id="composer"
          ref={box}
          rows={1}
          placeholder={words.say("composer.hint")}
          value={text}
          aria-describedby="composer-told"
          onKeyDown={keyed}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAsked(false);
            session.types(event.currentTarget.value !== "");
          }}
          onBlur={() => session.types(false)}
        />
        <AttachButton attached={attached} />
        <button type="submit" class="primary send" aria-label={words.say("composer.send")}>
          <Icon name="send" />
        </button>
      </div>
      {left < COUNT_FROM && (
        <p class={left < 0 ? "wrong" : "small"} role="status">
          {words.say("composer.left", { count: left })}
        </p>
      )}
      <p class="small" id="composer-told">
        {site.share_typing && watched && words.say("composer.typing.told")}
      </p>
    </form>
  );
}

function CardWarning({ send, edit }: { send: () => void; edit: () => void }): JSX.Element {
  const { words } = useHere();
  return (
    <div class="strip" role="alert">
      <p>
        <Icon name="alert" /> {words.say("card.warning")}
      </p>
      <p class="choices">
        <button type="button" onClick={edit}>
          {words.say("card.edit")}
        </button>
        <button type="button" onClick={send}>
          {words.say("card.send")}
        </button>
      </p>
    </div>
  );
}

/** Where the visitor answers a question for a secret: hidden, and kept nowhere. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, useHere } from "./parts";

export function SecretComposer(): JSX.Element {
  const { session, words } = useHere();
  const [text, setText] = useState("");
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Who was writing goes on writing: the field before this one is gone.
    const root = box.current?.getRootNode();
    if (root instanceof ShadowRoot && root.activeElement === null) box.current?.focus();
  }, []);
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === "") return;
        session.saySecret(text.trim());
        setText("");
      }}
    >
      <div class="row">
        <label class="unseen" for="composer">
          {words.say("composer.secret")}
        </label>
        <input
          id="composer"
          ref={box}
          type="password"
          autocomplete="off"
          placeholder={words.say("composer.secret")}
          value={text}
          aria-describedby="composer-told"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="primary send" aria-label={words.say("composer.send")}>
          <Icon name="send" />
        </button>
      </div>
      <p class="small" id="composer-told">
        {words.say("composer.secret.told")}
      </p>
    </form>
  );
}

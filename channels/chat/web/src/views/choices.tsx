/** What a flow lets the visitor choose from, as buttons; writing the answer does the same. */

import type { JSX } from "preact";
import type { Item } from "../line/frames";
import { useHere } from "./parts";

export function Choices({ item }: { item: Item | null }): JSX.Element | null {
  const { session, words } = useHere();
  const choices = item?.choices ?? [];
  if (choices.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would say that there is a form to fill in
    <div class="offered" role="group" aria-label={words.say("choices.label")}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          onClick={(event) => {
            const root = event.currentTarget.getRootNode() as ParentNode;
            session.say(choice.title, []);
            // The buttons go with the question: whoever chose goes on from where one writes.
            root.querySelector<HTMLElement>("#composer")?.focus();
          }}
        >
          {choice.title}
        </button>
      ))}
    </div>
  );
}

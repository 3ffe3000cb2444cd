/** After a chat: how it was, and a new beginning. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Model } from "../state/model";
import { Away } from "./before";
import { useHere } from "./parts";

/** Outcomes of a chat that never reached anybody: a message is answered by mail instead. */
const TURNED_AWAY = new Set(["queue_full", "closed_hours", "gave_up"]);
const SCORES = [1, 2, 3, 4, 5] as const;

export function Ended({ model }: { model: Model }): JSX.Element {
  const { session, words } = useHere();
  const [skipped, setSkipped] = useState(false);
  const turnedAway = model.site?.form === true && TURNED_AWAY.has(model.outcome);
  if (turnedAway && model.site !== null) return <Away site={model.site} code={model.outcome} />;
  const answered = model.items.some((item) => item.kind === "joined");
  const asks = model.site?.rating === true && answered && !model.rated && !skipped;
  return (
    <div class="ended">
      {asks && <Rate skip={() => setSkipped(true)} />}
      {model.rated && <p>{words.say("rate.thanks")}</p>}
      {!asks && (
        <button type="button" class="primary" onClick={() => session.again()}>
          {words.say("end.again")}
        </button>
      )}
    </div>
  );
}

function Rate({ skip }: { skip: () => void }): JSX.Element {
  const { session, words, announce } = useHere();
  const [score, setScore] = useState(0);
  const [comment, setComment] = useState("");
  const [wrong, setWrong] = useState("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (score === 0) return setWrong(words.refusal("missing"));
    const answer = await session.rate(score, comment);
    if (answer.ok) announce(words.say("rate.thanks"));
    else setWrong(words.refusal(answer.code));
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      <fieldset class="scores" aria-describedby={wrong === "" ? undefined : "rate-wrong"}>
        <legend>{words.say("rate.title")}</legend>
        {SCORES.map((each) => (
          <label key={each} class={each === score ? "chosen" : ""}>
            <input
              type="radio"
              name="score"
              value={each}
              checked={each === score}
              onChange={() => setScore(each)}
            />
            <span class="number" aria-hidden="true">
              {each}
            </span>
            <span>{words.say(`rate.${each}`)}</span>
          </label>
        ))}
      </fieldset>
      {wrong !== "" && (
        <p class="wrong" id="rate-wrong" role="alert">
          {wrong}
        </p>
      )}
      <label class="unseen" for="rate-comment">
        {words.say("rate.comment")}
      </label>
      <textarea
        id="rate-comment"
        rows={2}
        placeholder={words.say("rate.comment")}
        value={comment}
        onInput={(event) => setComment(event.currentTarget.value)}
      />
      <p class="choices">
        <button type="button" onClick={skip}>
          {words.say("rate.skip")}
        </button>
        <button type="submit" class="primary">
          {words.say("rate.send")}
        </button>
      </p>
    </form>
  );
}

/** Before a chat: the greeting and the questions, or the form for closed hours. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Site } from "../line/frames";
import { useHere } from "./parts";
import { focusWrong, MessageField, mistakes, Questions, useAnswers } from "./questions";

/** Codes of a start that lead to the form. */
const TO_FORM = new Set(["closed", "busy", "site_full", "overloaded"]);

export function Before({ site }: { site: Site }): JSX.Element {
  const [instead, setInstead] = useState("");
  if (!site.open) return <Away site={site} code="" />;
  if (instead !== "") return <Away site={site} code={instead} />;
  return <First site={site} refused={setInstead} />;
}

function First({ site, refused }: { site: Site; refused: (code: string) => void }): JSX.Element {
  const { session, words, announce } = useHere();
  const { answers, change, wrong, setWrong, busy, setBusy } = useAnswers();
  const form = useRef<HTMLFormElement>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found = mistakes(site, answers, site.ask_mail, words);
    setWrong(found);
    if (Object.keys(found).length > 0) return focusWrong(form.current);
    setBusy(true);
    const answer = await session.start(answers);
    setBusy(false);
    if (answer.ok) return;
    if (TO_FORM.has(answer.code)) return refused(answer.code);
    setWrong({ [answer.field || "text"]: words.refusal(answer.code) });
    announce(words.refusal(answer.code));
    focusWrong(form.current);
  };
  const asked = { site, answers, wrong, askMail: site.ask_mail, change };
  return (
    <form class="filling" ref={form} noValidate onSubmit={(event) => void send(event)}>
      <div class="scroll">
        <p class="greeting">{site.greeting || words.say("panel.greeting")}</p>
        {site.hours !== "" && <p class="muted">{site.hours}</p>}
        <Questions {...asked} />
        <MessageField {...asked} />
        <Small site={site} />
      </div>
      <p class="foot">
        <button type="submit" class="primary" aria-disabled={busy}>
          {words.say(busy ? "form.starting" : "form.start")}
        </button>
      </p>
    </form>
  );
}

function Small({ site }: { site: Site }): JSX.Element {
  const { words } = useHere();
  return (
    <p class="small">
      {site.share_page && <>{words.say("form.page.shared")} </>}
      {site.privacy_url !== "" && (
        <a href={site.privacy_url} target="_blank" rel="noopener noreferrer">
          {words.say("form.privacy")}
        </a>
      )}
    </p>
  );
}

/** Closed, or too busy: a message that is answered by mail. */
export function Away({ site, code }: { site: Site; code: string }): JSX.Element {
  const { words, now } = useHere();
  const [sentTo, setSentTo] = useState("");
  const busy = code !== "" && code !== "closed";
  if (sentTo !== "") {
    return (
      <div class="scroll centred">
        <h2 tabIndex={-1} ref={(heading) => heading?.focus()}>
          {words.say("away.sent.title")}
        </h2>
        <p>{words.say("away.sent", { mail: sentTo })}</p>
      </div>
    );
  }
  return (
    <div class="scroll">
      {busy ? (
        <p class="greeting">{words.say("away.busy")}</p>
      ) : (
        <>
          <h2>{words.say("away.title")}</h2>
          {site.next_opening !== null && (
            <p class="back">{words.say("away.back", { when: words.when(site.next_opening, now()) })}</p>
          )}
          <p class="muted">{words.say(site.form ? "away.write" : "away.none")}</p>
        </>
      )}
      {site.form && <AwayForm site={site} sent={setSentTo} />}
    </div>
  );
}

function AwayForm({ site, sent }: { site: Site; sent: (mail: string) => void }): JSX.Element {
  const { session, words, announce } = useHere();
  const { answers, change, wrong, setWrong, busy, setBusy } = useAnswers();
  const form = useRef<HTMLFormElement>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found = mistakes(site, answers, "required", words);
    setWrong(found);
    if (Object.keys(found).length > 0) return focusWrong(form.current);
    setBusy(true);
    const answer = await session.form(answers);
    setBusy(false);
    if (answer.ok) return sent(answers.mail.trim());
    setWrong({ [answer.field || "text"]: words.refusal(answer.code) });
    announce(words.refusal(answer.code));
    focusWrong(form.current);
  };
  const asked = { site, answers, wrong, askMail: "required" as const, change };
  return (
    <form ref={form} noValidate onSubmit={(event) => void send(event)}>
      <MessageField {...asked} />
      <Questions {...asked} />
      <button type="submit" class="primary" aria-disabled={busy}>
        {words.say("form.send")}
      </button>
    </form>
  );
}

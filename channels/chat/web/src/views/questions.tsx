/** The questions before a chat and in the form for closed hours. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Ask, Field, Site } from "../line/frames";
import type { Words } from "../words/words";
import { Labelled, useHere, wrongness } from "./parts";

export interface Answers {
  name: string;
  mail: string;
  topic: string;
  text: string;
  website: string;
  fields: Record<string, string>;
}

export const NO_ANSWERS: Answers = { name: "", mail: "", topic: "", text: "", website: "", fields: {} };

/** What is wrong, by the place the server names too. */
export type Wrong = Record<string, string>;

export interface QuestionsProps {
  site: Site;
  answers: Answers;
  wrong: Wrong;
  askMail: Ask;
  change: (answers: Answers) => void;
}

/** The mistakes that show before anything is sent. */
export function mistakes(site: Site, answers: Answers, askMail: Ask, words: Words): Wrong {
  const wrong: Wrong = {};
  const missing = words.refusal("missing");
  if (site.ask_name === "required" && answers.name.trim() === "") wrong.name = missing;
  if (askMail === "required" && answers.mail.trim() === "") wrong.mail = missing;
  for (const field of site.fields) {
    if (field.required && (answers.fields[field.name] ?? "").trim() === "") wrong[`fields.${field.name}`] = missing;
  }
  if (answers.text.trim() === "") wrong.text = missing;
  else if (Array.from(answers.text).length > site.characters_max) wrong.text = words.refusal("too_long");
  return wrong;
}

/** Moves focus to the first field with a mistake. */
export function focusWrong(form: HTMLElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
}

export function Questions(props: QuestionsProps): JSX.Element {
  const { words } = useHere();
  const { site, answers, wrong, change } = props;
  const ask = (label: string, how: Ask | boolean): string =>
    how === "required" || how === true ? label : words.say("form.optional", { label });
  return (
    <>
      {site.ask_name !== "no" && (
        <Labelled id="q-name" label={ask(words.say("form.name"), site.ask_name)} error={wrong.name}>
          <input
            id="q-name"
            autocomplete="name"
            maxLength={200}
            value={answers.name}
            {...wrongness("q-name", wrong.name)}
            onInput={(event) => change({ ...answers, name: event.currentTarget.value })}
          />
        </Labelled>
      )}
      {props.askMail !== "no" && (
        <Labelled id="q-mail" label={ask(words.say("form.mail"), props.askMail)} error={wrong.mail}>
          <input
            id="q-mail"
            type="email"
            autocomplete="email"
            maxLength={254}
            value={answers.mail}
            {...wrongness("q-mail", wrong.mail)}
            onInput={(event) => change({ ...answers, mail: event.currentTarget.value })}
          />
        </Labelled>
      )}
      {site.topics.length > 0 && (
        <Choice
          id="q-topic"
          label={words.say("form.topic")}
          options={site.topics}
          value={answers.topic}
          error={wrong.topic}
          change={(topic) => change({ ...answers, topic })}
        />
      )}
      {site.fields.map((field) => (
        <Own key={field.name} field={field} {...props} label={ask(field.title, field.required)} />
      ))}
      <Trap value={answers.website} change={(website) => change({ ...answers, website })} />
    </>
  );
}

function Own(props: QuestionsProps & { field: Field; label: string }): JSX.Element {
  const { field, answers, label } = props;
  const id = `q-own-${field.name}`;
  const value = answers.fields[field.name] ?? "";
  const error = props.wrong[`fields.${field.name}`];
  const set = (text: string): void => props.change({ ...answers, fields: { ...answers.fields, [field.name]: text } });
  if (field.kind === "choice") {
    return <Choice id={id} label={label} options={field.choices} value={value} error={error} change={set} />;
  }
  return (
    <Labelled id={id} label={label} error={error}>
      <input
        id={id}
        inputMode={field.kind === "phone" ? "tel" : "text"}
        autocomplete={field.kind === "phone" ? "tel" : "off"}
        maxLength={200}
        value={value}
        {...wrongness(id, error)}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </Labelled>
  );
}

function Choice(props: {
  id: string;
  label: string;
  options: { value: string; title: string }[];
  value: string;
  error: string | undefined;
  change: (value: string) => void;
}): JSX.Element {
  const { words } = useHere();
  return (
    <Labelled id={props.id} label={props.label} error={props.error}>
      <select
        id={props.id}
        value={props.value}
        {...wrongness(props.id, props.error)}
        onChange={(event) => props.change(event.currentTarget.value)}
      >
        <option value="">{words.say("form.choose")}</option>
        {props.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.title}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

/** A field no person sees: only a program fills it in. */
function Trap({ value, change }: { value: string; change: (value: string) => void }): JSX.Element {
  const { words } = useHere();
  return (
    <div class="trap" aria-hidden="true">
      <label for="q-trap">{words.say("form.trap")}</label>
      <input
        id="q-trap"
        tabIndex={-1}
        autocomplete="off"
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </div>
  );
}

/** The message of a form. */
export function MessageField(props: QuestionsProps): JSX.Element {
  const { words } = useHere();
  const { answers, wrong } = props;
  return (
    <Labelled id="q-text" label={words.say("form.message")} error={wrong.text}>
      <textarea
        id="q-text"
        rows={3}
        value={answers.text}
        {...wrongness("q-text", wrong.text)}
        onInput={(event) => props.change({ ...answers, text: event.currentTarget.value })}
      />
    </Labelled>
  );
}

/** Answers being written, with what is wrong with them and whether they are on their way. */
export function useAnswers(): {
  answers: Answers;
  change: (answers: Answers) => void;
  wrong: Wrong;
  setWrong: (wrong: Wrong) => void;
  busy: boolean;
  setBusy: (busy: boolean) => void;
} {
  const [answers, change] = useState(NO_ANSWERS);
  const [wrong, setWrong] = useState<Wrong>({});
  const [busy, setBusy] = useState(false);
  return { answers, change, wrong, setWrong, busy, setBusy };
}

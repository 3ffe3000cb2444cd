/** Calling a number in the name of a queue. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { refusalWords } from "../app/acts";
import { go } from "../app/route";
import { byName } from "../words/format";
import { t, title } from "../words/words";
import { useDesk, usePart } from "../views/context";
import { Choice, Field, Press } from "../views/parts";

/** True for what could be a telephone number: digits with the usual marks, or a SIP address. */
export function looksLikeNumber(text: string): boolean {
  return /^\+?[\d\s()./-]{3,40}$/.test(text.trim()) || /^sips?:\S+$/.test(text.trim());
}

/** A number as it is dialled: without what people write between the digits. */
export function plainNumber(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith("sip") ? trimmed : trimmed.replace(/[^\d+]/g, "");
}

export function DialButton() {
  const desk = useDesk();
  const takes = usePart((state) => state.agent !== null).value;
  if (!desk.phone.running.value || !takes || !desk.session.permissions.includes("dial")) return null;
  const open = desk.popover.value === "dial";
  return (
    <div class="menu menu-end">
      <Press
        tone="quiet"
        icon="voice"
        id="dial"
        label={t("phone.dial")}
        expanded={open}
        disabled={!desk.acts}
        onPress={() => {
          desk.popover.value = open ? "" : "dial";
        }}
      >
        <span class="wide-only">{t("phone.dial")}</span>
      </Press>
      {open ? <DialForm /> : null}
    </div>
  );
}

function DialForm() {
  const desk = useDesk();
  const [number, setNumber] = useState("");
  const [problem, setProblem] = useState("");
  const own = usePart((state) => state.agent?.queues ?? []).value;
  const queues = usePart((state) => state.queues).value.filter((each) => own.includes(each.queue));
  const rows = byName(queues, (each) => title(each.title, each.queue)).map(
    (each) => [each.queue, title(each.title, each.queue)] as const,
  );
  const [queue, setQueue] = useState(rows[0]?.[0] ?? "");
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  const close = (): void => {
    desk.popover.value = "";
    document.getElementById("dial")?.focus();
  };
  const dial = async (): Promise<void> => {
    if (!looksLikeNumber(number)) {
      setProblem(t("phone.no_number"));
      return;
    }
    const answer = await desk.line.do("dial", { number: plainNumber(number), queue });
    if (answer.type === "refused") {
      setProblem(refusalWords(answer.code, answer.message));
      return;
    }
    desk.popover.value = "";
    go("work", String(answer.result?.["interaction_id"] ?? ""));
  };
  return (
    <form
      class="popover dial"
      ref={form}
      aria-label={t("phone.dial")}
      onSubmit={(event) => {
        event.preventDefault();
        void dial();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <Field
        label={t("phone.number")}
        value={number}
        error={problem}
        onInput={(event) => {
          setNumber(event.currentTarget.value);
          setProblem("");
        }}
      />
      <Choice label={t("phone.in_the_name_of")} value={queue} options={rows} onChoose={setQueue} />
      <div class="row">
        <button type="submit" class="press press-primary">
          {t("phone.dial")}
        </button>
        <Press tone="quiet" onPress={close}>
          {t("cancel")}
        </Press>
      </div>
    </form>
  );
}

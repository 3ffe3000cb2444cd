/** Files that go with a reply: uploaded at once, sent with it. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { upload } from "../api/calls";
import { Problem } from "../api/http";
import type { Desk } from "../app/desk";
import type { Item } from "../state/shapes";
import { size } from "../words/format";
import { t } from "../words/words";
import { useDesk } from "./context";
import { Icon } from "./icon";
import { Press } from "./parts";

/** What the server takes: 25 MiB a file, 20 files a message. */
const LARGEST_BYTES = 25 * 1024 * 1024;
const MOST_FILES = 20;

export function AttachButton({ item }: { item: Item }) {
  const desk = useDesk();
  const field = useRef<HTMLInputElement>(null);
  const busy = useSignal(false);
  return (
    <>
      <input
        type="file"
        multiple
        hidden
        ref={field}
        tabIndex={-1}
        aria-label={t("attach.label")}
        onChange={async (event) => {
          const input = event.currentTarget;
          const chosen = [...(input.files ?? [])];
          input.value = "";
          busy.value = true;
          for (const file of chosen) await attach(desk, item.interaction_id, file);
          busy.value = false;
        }}
      />
      <Press small tone="quiet" icon="attach" disabled={busy.value} onPress={() => field.current?.click()}>
        {busy.value ? t("attach.busy") : t("attach.label")}
      </Press>
    </>
  );
}

async function attach(desk: Desk, id: string, file: File): Promise<void> {
  const draft = desk.drafts.draft(id, "reply");
  if (draft.peek().files.length >= MOST_FILES)
    return desk.say(t("attach.too_many", { n: MOST_FILES }), "trouble");
  if (file.size > LARGEST_BYTES) {
    return desk.say(t("attach.too_big", { name: file.name, size: size(LARGEST_BYTES) }), "trouble");
  }
  try {
    const ref = await upload(id, file);
    desk.drafts.write(id, "reply", { files: [...draft.peek().files, ref] });
  } catch (problem) {
    const why = problem instanceof Problem ? problem.detail || problem.code : "";
    desk.say(t("attach.failed", { name: file.name, why }), "trouble");
  }
}

export function Attachments({ item }: { item: Item }) {
  const desk = useDesk();
  const id = item.interaction_id;
  const files = desk.drafts.draft(id, "reply").value.files;
  if (files.length === 0) return null;
  return (
    <ul class="files" aria-label={t("attach.list")}>
      {files.map((file) => (
        <li key={file.file_id} class="file">
          <Icon name="file" />
          <bdi>{file.name}</bdi> <span class="muted">{size(file.size_bytes)}</span>
          <Press
            small
            tone="quiet"
            icon="close"
            label={t("attach.remove", { name: file.name })}
            onPress={() =>
              desk.drafts.write(id, "reply", { files: files.filter((each) => each.file_id !== file.file_id) })
            }
          >
            {""}
          </Press>
        </li>
      ))}
    </ul>
  );
}

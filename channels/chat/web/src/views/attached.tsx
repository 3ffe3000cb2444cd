/** Files added to the words being written. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { FileItem, Site } from "../line/frames";
import { Icon, IconButton, useHere } from "./parts";

const FILES_MAX = 20;

export interface Attached {
  files: FileItem[];
  /** The name of the file that is being uploaded. */
  adding: string;
  wrong: string;
  add: (chosen: FileList | null) => Promise<void>;
  remove: (file: FileItem) => void;
  clear: () => void;
}

export function useAttached(site: Site): Attached {
  const { session, words, announce } = useHere();
  const [files, setFiles] = useState<FileItem[]>([]);
  const [adding, setAdding] = useState("");
  const [wrong, setWrong] = useState("");
  const add = async (chosen: FileList | null): Promise<void> => {
    setWrong("");
    for (const file of Array.from(chosen ?? []).slice(0, FILES_MAX - files.length)) {
      setAdding(file.name);
      announce(words.say("composer.uploading", { name: file.name }));
      try {
        const taken = await session.upload(file);
        setFiles((before) => [...before, taken]);
      } catch (error) {
        const code = error instanceof Error ? error.message : "";
        setWrong(words.refusal(code, { most: Math.floor(site.file_bytes / 1_048_576) }));
      }
    }
    setAdding("");
  };
  const remove = (file: FileItem): void => setFiles((before) => before.filter((each) => each !== file));
  return { files, adding, wrong, add, remove, clear: () => setFiles([]) };
}

export function AttachedList({ attached }: { attached: Attached }): JSX.Element | null {
  const { words } = useHere();
  const { files, adding, wrong, remove } = attached;
  if (files.length === 0 && adding === "" && wrong === "") return null;
  return (
    <div class="attached">
      {files.map((file) => (
        <button
          type="button"
          class="file"
          key={file.file_id}
          aria-label={words.say("composer.remove", { name: file.name })}
          onClick={() => remove(file)}
        >
          <Icon name="file" />
          <span class="name">{file.name}</span>
          <Icon name="close" />
        </button>
      ))}
      {adding !== "" && <p class="small">{words.say("composer.uploading", { name: adding })}</p>}
      {wrong !== "" && (
        <p class="wrong" role="alert">
          <Icon name="alert" /> {wrong}
        </p>
      )}
    </div>
  );
}

export function AttachButton({ attached }: { attached: Attached }): JSX.Element {
  const { words } = useHere();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon="attach" name={words.say("composer.file")} act={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={words.say("composer.file")}
        onChange={(event) => {
          const chosen = event.currentTarget;
          void attached.add(chosen.files).then(() => {
            chosen.value = "";
          });
        }}
      />
    </>
  );
}

/** What stands behind a number, page by page: of a report, or of the board. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/http";
import { count } from "../words/format";
import { t } from "../words/words";
import { Failed, Press, Skeleton } from "./parts";

/** A page of rows; `total` is how many there are, `next` asks for the page after this one. */
interface Page<Row, Next> {
  readonly total: number;
  readonly rows: readonly Row[];
  readonly next: Next | null;
}

interface BehindProps<Next, Read> {
  readonly read: (after: Next | undefined) => Promise<Read>;
  /** The heading, before anything is read and after. */
  readonly title: (found: Read | null) => string;
  /** What the number counts, where a sentence says it. */
  readonly counts?: (found: Read) => string;
  readonly table: (found: Read) => ComponentChildren;
  readonly onClose: () => void;
}

/** The panel that opens beneath a number; Escape closes it. */
export function BehindPanel<Row, Next, Read extends Page<Row, Next>>(props: BehindProps<Next, Read>) {
  const { onClose } = props;
  const [found, setFound] = useState<Read | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const read = async (): Promise<void> => {
    setProblem(null);
    try {
      const page = await props.read(found?.next ?? undefined);
      setFound({ ...page, rows: [...(found?.rows ?? []), ...page.rows] });
    } catch (failure) {
      if (failure instanceof Problem) setProblem(failure);
    }
  };
  useEffect(() => void read(), []);
  useLayoutEffect(() => head.current?.focus(), []);
  const left = found === null ? 0 : found.total - found.rows.length;
  return (
    <section
      class="card behind"
      aria-labelledby="behind-title"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="row">
        <h2 id="behind-title" tabIndex={-1} ref={head}>
          {props.title(found)}
        </h2>
        <span class="spring" />
        <Press small icon="close" onPress={onClose}>
          {t("behind.close")}
        </Press>
      </div>
      {found === null || props.counts === undefined ? null : <p class="muted">{props.counts(found)}</p>}
      {problem === null ? null : (
        <Failed
          what={problem.status === 403 ? t("behind.not_yours") : t("behind.failed")}
          problem={problem.id}
          again={() => void read()}
        />
      )}
      {found === null && problem === null ? <Skeleton rows={4} /> : null}
      {found?.total === 0 ? <p class="muted">{t("rows.none")}</p> : null}
      {found === null || found.rows.length === 0 ? null : props.table(found)}
      {found === null || found.next === null ? null : (
        <Press onPress={() => void read()}>{t("behind.more", { n: left })}</Press>
      )}
      {found !== null && found.next === null && left > 0 ? (
        <p class="muted">{t("rows.cut", { n: count(found.rows.length) })}</p>
      ) : null}
    </section>
  );
}

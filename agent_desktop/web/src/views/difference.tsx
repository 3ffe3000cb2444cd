/** A unified difference: what went and what came, by its marks and by colour. */

const kindOf = (line: string): string =>
  /^(\+\+\+|---|@@)/.test(line) ? "at" : line.startsWith("+") ? "in" : line.startsWith("-") ? "out" : "";

export function Difference({ text, label }: { text: string; label: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls in its own region must take focus
    <section class="difference" tabIndex={0} aria-label={label}>
      <pre>
        {lines.map((line, at) => (
          <span key={`${at} ${line}`} class={`difference-line difference-${kindOf(line)}`}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
    </section>
  );
}

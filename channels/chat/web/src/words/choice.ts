/** Which language the widget speaks. */

/** The language to speak: what is asked for where we have it, by its first part else English. */
export function chosenLanguage(asked: string, preferred: readonly string[]): string {
  const wanted = asked === "" || asked === "auto" ? preferred : [asked];
  for (const language of wanted) {
    if (language === "pseudo") return "pseudo";
    if (/^zh\b/i.test(language)) return "zh-CN";
    if (/^en\b/i.test(language)) return "en";
  }
  return "en";
}

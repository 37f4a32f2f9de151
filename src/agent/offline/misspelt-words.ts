/** The words by which the forms of a question are told, longest-lived first: of two that are near, the earlier is meant. */
const KEY_WORDS: readonly string[] = (
  "changed changes change what when where which why happened happening happens happen will would should could " +
  "deployed deploys deploy released status health healthy state slow slower failing failed fails broken burning down " +
  "better recovered recover fixed improved still wrong cause caused reason culprit matter problem going " +
  "recommend suggest advise propose simulate restart restore scale rollback roll back drain limit shed turn switch " +
  "traffic load doubles replicas traces logs depends calls uses outcome verdict work help sure certain confident " +
  "topology last hour hours minutes since users hurt affected impact blast radius error errors rate latency wait nothing thanks"
).split(" ");
/** Limit: words of a text that are looked at. */
const WORDS_MAX = 40;
const LETTERS_MIN = 3;
const LETTERS_MAX = 16;

/** Whether one letter more, less or other, or two that changed places, make the one the other. */
export function isNear(word: string, key: string): boolean {
  if (key.length <= LETTERS_MIN || Math.abs(word.length - key.length) > 1) return false;
  if (word[0] !== key[0]) return false;
  let from = 0;
  while (from < word.length && word[from] === key[from]) from += 1;
  let ends = 0;
  const rest = Math.min(word.length, key.length) - from;
  while (ends < rest && word.at(-1 - ends) === key.at(-1 - ends)) ends += 1;
  const one = word.slice(from, word.length - ends);
  const other = key.slice(from, key.length - ends);
  if (one.length <= 1 && other.length <= 1) return true;
  return one.length === 2 && other === `${one[1]}${one[0]}`;
}

/** A text with its misspelt key words as they are spelt; undefined: there is none. Names keep what is in no word: dots, dashes, digits. */
export function respelt(text: string): string | undefined {
  let seen = 0;
  const corrected = text.replace(/(?<![\w./:@-])[a-z]+(?![\w./:@-])/gi, (word) => {
    seen += 1;
    if (seen > WORDS_MAX || word.length < LETTERS_MIN || word.length > LETTERS_MAX) return word;
    const plain = word.toLowerCase();
    if (KEY_WORDS.includes(plain)) return word;
    return KEY_WORDS.find((key) => isNear(plain, key)) ?? word;
  });
  return corrected === text ? undefined : corrected;
}

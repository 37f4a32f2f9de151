/** What is meant by these is in the conversation. */
const PRONOUN =
  /^(?:it|that|this|they|them|things?|everything|all|the system|the incident|the page|the problem|going on|happening|wrong|we|us|now|right now|right)(?=\s|$)/i;
/** Words for the whole of it: no entity is meant. */
const WHOLE =
  /^(?:(?:our|the|whole|entire)\s+)*(?:web\s?site|site|web\s?shop|platform|prod|production|company|business)$/i;
const LEADING_WORDS =
  /^(?:the|our|service|store|database|operation|endpoint|with|of|for|in|to|on|at)\s+/i;
const TRAILING_WORDS =
  /\s+(?:so|very|really|still|suddenly|being|getting|again|now|right now|today|at the moment|then|please|doing|looking|the)$/i;
/** A time at the end is no part of a name. */
const TIMES =
  /(?:--|—|–)?\b(?:at|around|since)\s+.*$|\b(?:(?:in|over|during|within)\s+)?(?:the\s+)?(?:last|past)\s+(?:\d+\s*|half an\s+|an?\s+)?(?:s|m|h|d|sec|min|minutes?|hours?|days?|while|night)\b.*$|\b\d+\s*\w+\s+ago\b.*$/i;

/** The name in what somebody said it is about; undefined: none, it is in the conversation, or all of it is meant. */
export function cleanSubject(text: string | undefined): string | undefined {
  let subject = (text ?? "")
    .replace(/[?!]+/g, " ")
    .replace(/\.(?=\s|$)/g, " ")
    .replace(TIMES, " ")
    .trim();
  for (let before = ""; before !== subject; ) {
    before = subject;
    subject = subject.replace(LEADING_WORDS, "").replace(TRAILING_WORDS, "").trim();
  }
  subject = subject.replace(/^["'`]|["'`]$/g, "");
  return subject === "" || PRONOUN.test(subject) || WHOLE.test(subject)
    ? undefined
    : subject.slice(0, 200);
}

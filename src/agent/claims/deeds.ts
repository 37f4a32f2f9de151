/** "I have already restarted", "I've just rolled back": the writer as the one who did it. Denials are no match. */
const DEED =
  /(?<![\p{L}\p{N}])I(?:['’]ve|\s+have|\s+had)?(?:\s+(?:just|already|now|also|then|successfully))*\s+(?:rolled|reverted|restarted|rebooted|scaled|turned|switched|disabled|enabled|executed|drained|deployed|killed|deleted|approved|fixed|resolved|silenced)(?![\p{L}\p{N}])/u;

/** Whether a sentence says that its writer changed the system: it cannot, it can only propose. */
export function claimsDeed(sentence: string): boolean {
  return DEED.test(sentence);
}

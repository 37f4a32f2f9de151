/** "I have already restarted", "I've just rolled back": the writer as the one who did it. Denials are no match. */
const DEED =
  /(?<![\p{L}\p{N}])I(?:['’]ve|\s+have|\s+had)?(?:\s+(?:just|already|now|also|then|successfully))*\s+(?:rolled|reverted|restarted|rebooted|scaled|turned|switched|disabled|enabled|executed|drained|deployed|killed|deleted|approved|fixed|resolved|silenced)(?![\p{L}\p{N}])/u;

/** `kubectl rollout undo …`, in code marks or not; the others are words of the language too, and count in code marks only. */
const COMMAND =
  /\bkubectl\s+(?:-|(?:annotate|apply|cordon|create|delete|describe|drain|edit|exec|get|label|logs|patch|rollout|scale|set|top|uncordon)\b)|`\s*(?:\$\s*)?(?:sudo\s+)?(?:kubectl|helm|docker|podman|psql|mysql|redis-cli|ssh|curl|systemctl|service|terraform|ansible|aws|gcloud|az|kill|pkill|rm|git)\s+[^`]+`/;

/** Whether a sentence hands its reader a command: nothing has simulated it, and nobody has approved it. */
export function givesCommand(sentence: string): boolean {
  return COMMAND.test(sentence);
}

/** Whether a sentence says that its writer changed the system: it cannot, it can only propose. */
export function claimsDeed(sentence: string): boolean {
  return DEED.test(sentence);
}
